"""Make service_desk.json: ten problems with a home hub and their fixes, in six languages.

    python notebooks/data/service_desk.py [FOLDER]

The hub, its handbook and its customers are made up; the texts are glmkit's own.
"""
# ruff: noqa: E501 - a sentence stands on one line

import random

from fetch import save_json

SEED = 12
LANGUAGES = ("en", "zh", "es", "fr", "de", "ja")

#: Key, minutes, then the complaint and the fix in each of LANGUAGES.
PROBLEMS = [
    (
        "S1", 2,
        ("The light of my hub blinks orange and I have no internet.",
         "我的路由器指示灯一直闪橙色，上不了网。",
         "La luz de mi router parpadea en naranja y no tengo internet.",
         "Le voyant de ma box clignote en orange et je n'ai plus internet.",
         "Die Lampe an meinem Router blinkt orange und ich habe kein Internet.",
         "ルーターのランプがオレンジに点滅して、インターネットにつながりません。"),
        ("Unplug the power cable, wait thirty seconds and plug it in.",
         "请拔下电源线，等待三十秒后再插上。",
         "Desenchufe el cable de corriente, espere treinta segundos y vuelva a enchufarlo.",
         "Débranchez le câble d'alimentation, attendez trente secondes et rebranchez-le.",
         "Ziehen Sie das Netzkabel, warten Sie dreißig Sekunden und stecken Sie es wieder ein.",
         "電源ケーブルを抜き、三十秒待ってから差し直してください。"),
    ),
    (
        "S2", 5,
        ("The wireless network is very slow in the bedroom.",
         "卧室里的无线网络特别慢。",
         "La red inalámbrica va muy lenta en el dormitorio.",
         "Le réseau sans fil est très lent dans la chambre.",
         "Das WLAN ist im Schlafzimmer sehr langsam.",
         "寝室の無線がとても遅いです。"),
        ("Change the wireless channel to 11 in the settings.",
         "请在设置中把无线信道改为 11。",
         "Cambie el canal inalámbrico al 11 en los ajustes.",
         "Changez le canal sans fil pour le 11 dans les réglages.",
         "Stellen Sie den Funkkanal in den Einstellungen auf 11.",
         "設定で無線チャンネルを 11 に変更してください。"),
    ),
    (
        "S3", 3,
        ("I have forgotten the password of the hub.",
         "我忘记了路由器的密码。",
         "He olvidado la contraseña del router.",
         "J'ai oublié le mot de passe de la box.",
         "Ich habe das Passwort des Routers vergessen.",
         "ルーターのパスワードを忘れました。"),
        ("Hold the reset button for ten seconds and set a new password.",
         "请按住复位键十秒，然后设置新密码。",
         "Mantenga pulsado el botón de reinicio diez segundos y cree una contraseña nueva.",
         "Appuyez dix secondes sur le bouton de remise à zéro et créez un nouveau mot de passe.",
         "Halten Sie die Reset-Taste zehn Sekunden gedrückt und legen Sie ein neues Passwort fest.",
         "リセットボタンを十秒押して、新しいパスワードを設定してください。"),
    ),
    (
        "S4", 30,
        ("The hub gets very hot and switches itself off.",
         "路由器很烫，还会自动关机。",
         "El router se calienta mucho y se apaga solo.",
         "La box chauffe beaucoup et s'éteint toute seule.",
         "Der Router wird sehr heiß und schaltet sich ab.",
         "ルーターがとても熱くなり、勝手に電源が切れます。"),
        ("Place the hub upright in the open and let it cool.",
         "请把路由器竖放在通风处，让它冷却。",
         "Ponga el router de pie en un lugar abierto y deje que se enfríe.",
         "Placez la box debout dans un endroit dégagé et laissez-la refroidir.",
         "Stellen Sie den Router aufrecht ins Freie und lassen Sie ihn abkühlen.",
         "ルーターを風通しのよい所に立てて置き、冷ましてください。"),
    ),
    (
        "S5", 4,
        ("The app on my phone does not find the hub.",
         "手机应用找不到路由器。",
         "La aplicación de mi teléfono no encuentra el router.",
         "L'application de mon téléphone ne trouve pas la box.",
         "Die App auf meinem Handy findet den Router nicht.",
         "スマホのアプリがルーターを見つけられません。"),
        ("Switch on location access for the app and search again.",
         "请为应用打开定位权限，然后重新搜索。",
         "Active el acceso a la ubicación para la aplicación y busque de nuevo.",
         "Activez l'accès à la position pour l'application et relancez la recherche.",
         "Erlauben Sie der App den Zugriff auf den Standort und suchen Sie noch einmal.",
         "アプリに位置情報を許可して、もう一度検索してください。"),
    ),
    (
        "S6", 20,
        ("The update of the hub stays at 40 percent.",
         "路由器升级一直停在 40%。",
         "La actualización del router se queda en el 40 por ciento.",
         "La mise à jour de la box reste à 40 pour cent.",
         "Das Update des Routers bleibt bei 40 Prozent stehen.",
         "ルーターの更新が 40% で止まったままです。"),
        ("Connect the hub by cable and start the update from the web page.",
         "请用网线连接路由器，再从网页开始升级。",
         "Conecte el router por cable e inicie la actualización desde la página web.",
         "Reliez la box par câble et lancez la mise à jour depuis la page web.",
         "Schließen Sie den Router per Kabel an und starten Sie das Update auf der Webseite.",
         "ルーターをケーブルでつなぎ、ウェブページから更新を始めてください。"),
    ),
    (
        "S7", 6,
        ("My printer can no longer join the network.",
         "我的打印机连不上网络了。",
         "Mi impresora ya no puede entrar en la red.",
         "Mon imprimante ne peut plus rejoindre le réseau.",
         "Mein Drucker kommt nicht mehr ins Netz.",
         "プリンターがネットワークに入れなくなりました。"),
        ("Switch on the 2.4 GHz band and connect the printer to it.",
         "请打开 2.4 GHz 频段，再让打印机连接它。",
         "Active la banda de 2.4 GHz y conecte la impresora a ella.",
         "Activez la bande de 2.4 GHz et connectez-y l'imprimante.",
         "Schalten Sie das Band mit 2.4 GHz ein und verbinden Sie den Drucker damit.",
         "2.4 GHz 帯を有効にして、プリンターをつないでください。"),
    ),
    (
        "S8", 15,
        ("Video calls break off every evening.",
         "每天晚上视频通话都会中断。",
         "Las videollamadas se cortan todas las noches.",
         "Les appels vidéo coupent tous les soirs.",
         "Videoanrufe brechen jeden Abend ab.",
         "毎晩ビデオ通話が切れます。"),
        ("Give video calls priority in the traffic settings.",
         "请在流量设置中把视频通话设为优先。",
         "Dé prioridad a las videollamadas en los ajustes de tráfico.",
         "Donnez la priorité aux appels vidéo dans les réglages du trafic.",
         "Geben Sie Videoanrufen in den Verkehrseinstellungen den Vorrang.",
         "通信設定でビデオ通話を優先にしてください。"),
    ),
    (
        "S9", 10,
        ("A device that I do not know is in my network.",
         "我的网络里有一台我不认识的设备。",
         "Hay un aparato que no conozco en mi red.",
         "Il y a un appareil que je ne connais pas dans mon réseau.",
         "In meinem Netz ist ein Gerät, das ich nicht kenne.",
         "ネットワークに知らない機器があります。"),
        ("Block the device in the list and change the network key.",
         "请在列表中屏蔽该设备，并更换网络密钥。",
         "Bloquee el aparato en la lista y cambie la clave de la red.",
         "Bloquez l'appareil dans la liste et changez la clé du réseau.",
         "Sperren Sie das Gerät in der Liste und ändern Sie den Netzschlüssel.",
         "一覧でその機器をブロックし、ネットワークのキーを変更してください。"),
    ),
    (
        "S10", 8,
        ("My guests cannot get on the guest network.",
         "客人连不上访客网络。",
         "Mis invitados no pueden entrar en la red de invitados.",
         "Mes invités n'arrivent pas à entrer dans le réseau des invités.",
         "Meine Gäste kommen nicht in das Gastnetz.",
         "来客がゲスト用ネットワークに入れません。"),
        ("Extend the time limit of the guest network and share the new code.",
         "请延长访客网络的时限，并分享新的代码。",
         "Amplíe el límite de tiempo de la red de invitados y comparta el código nuevo.",
         "Prolongez la durée du réseau des invités et partagez le nouveau code.",
         "Verlängern Sie die Zeit des Gastnetzes und teilen Sie den neuen Code mit.",
         "ゲスト用ネットワークの時間を延ばし、新しいコードを共有してください。"),
    ),
]  # fmt: skip
#: What the customers say in the three turns; {0} is the order number.
TURNS = {
    "en": ("{0} My order number is {1}.",
           "Thank you. How long will that take?",
           "Good. Which order number did I give you?"),
    "zh": ("{0}我的订单号是 {1}。", "谢谢。这需要多长时间？", "好的。我刚才告诉您的订单号是多少？"),
    "es": ("{0} Mi número de pedido es {1}.",
           "Gracias. ¿Cuánto tiempo va a tardar?",
           "Bien. ¿Qué número de pedido le di?"),
    "fr": ("{0} Mon numéro de commande est {1}.",
           "Merci. Combien de temps est-ce que cela va prendre ?",
           "Bien. Quel numéro de commande vous ai-je donné ?"),
    "de": ("{0} Meine Bestellnummer ist {1}.",
           "Danke. Wie lange wird das dauern?",
           "Gut. Welche Bestellnummer habe ich Ihnen genannt?"),
    "ja": ("{0}注文番号は {1} です。",
           "ありがとうございます。どのくらい時間がかかりますか。",
           "わかりました。先ほどお伝えした注文番号は何番でしたか。"),
}  # fmt: skip


def articles() -> list[dict[str, object]]:
    """Return the handbook: every other article is in Chinese."""
    return [
        {
            "key": key,
            "language": language,
            "problem": problem[LANGUAGES.index(language)],
            "fix": fix[LANGUAGES.index(language)],
            "minutes": minutes,
        }
        for place, (key, minutes, problem, fix) in enumerate(PROBLEMS)
        for language in [("en", "zh")[place % 2]]
    ]


def talks() -> list[dict[str, object]]:
    """Return what a customer says in each language with each problem."""
    chance = random.Random(SEED)
    return [
        {
            "article": key,
            "language": language,
            "order": (order := f"G-{chance.randint(1000, 9999)}"),
            "turns": [turn.format(problem[place], order) for turn in TURNS[language]],
        }
        for key, _minutes, problem, _fix in PROBLEMS
        for place, language in enumerate(LANGUAGES)
    ]


def main() -> None:
    fixes = {key: dict(zip(LANGUAGES, fix, strict=True)) for key, _, _, fix in PROBLEMS}
    save_json(__file__, {"articles": articles(), "talks": talks(), "fixes": fixes})


if __name__ == "__main__":
    main()

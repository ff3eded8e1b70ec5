"""Make meetings.json: eight meetings, with what was agreed in each.

    python notebooks/data/meetings.py [FOLDER]

Four transcripts are English, four Chinese. The talk is written; who speaks which part
and all dates are drawn by a seed. In the notes below, `=` begins a meeting and `#` an
item of its agenda. After a line of the talk, `>` notes an action that it settles (who,
what, the same in other words, when; `-` where no day was named), `!` a risk in two
wordings, and `x` what was proposed and not agreed.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

from fetch import save_json

SEED = 14
SPEAKERS = "ABCDE"
ENGLISH = """
= Quarterly planning of a bicycle workshop
# Spring range
A: Let us begin with the spring range. {B}, where are the frames?
B: Still at the painter's. Two of the five colours came out too dark.
A: Then we need new samples before the fair. Can you get them by {d1}?
B: Yes, {d1} is fine.
> B | order new colour samples from the painter | get fresh paint samples | d1
C: The catalogue has to show the new colours. I take the photographs again once the
  samples are here, say by {d2}.
> C | photograph the spring range again | retake the range's photographs | d2
A: The painter was late twice. He may be late again.
! the painter may be late again | another delay at the painter's
# Fair in Bologna
D: The stand at the fair costs a fifth more than last year.
E: We could share it with the saddle maker. I talk to them and tell you by {d3}.
> E | ask the saddle maker about sharing the stand | discuss a shared stand | d3
D: Should we take the cargo bicycle along?
A: No, it is not ready. We leave it at home.
x take the cargo bicycle to the fair
# Repair shop
B: The queue at the repair shop is eleven days.
A: That is too long. {D}, please find a second mechanic.
D: I write the advertisement this week and put it online by {d4}.
> D | publish the advertisement for a second mechanic | advertise for a mechanic | d4
C: Somebody should also tell the customers who wait.
E: I do that, but I cannot promise a day.
> E | write to the customers who wait for a repair | inform waiting repair customers | -
C: If they wait any longer, they may go elsewhere.
! customers may go elsewhere while they wait | loss of repair customers
# Budget
A: We are four per cent above the plan. {C}, can you send us the figures by {d1}?
C: The bank statement comes later. Let us say {d5}.
A: All right, {d5}.
> C | send round the figures of the budget | circulate the budget figures | d5
E: We could raise the prices now.
A: Not this quarter.
x raise the prices
B: I cancel the second van, then. It goes back by {d6}.
> B | return the second van | cancel the van's lease | d6
= Release of a clinic's booking software
# Open faults
C: Three faults are open. The worst one books two patients into one slot.
A: Who has it?
D: I have it. The correction is in review, and I merge it by {d1}.
> D | merge the correction of the double bookings | fix the double booking | d1
B: The other two are cosmetic. I would leave them for the next release.
A: Agreed, we leave them.
x correct the two cosmetic faults in this release
# Data of patients
E: The privacy officer wants to see the new export before it goes out.
A: {E}, please arrange that.
E: I meet her on {d2}.
> E | show the new export to the privacy officer | review the export on privacy | d2
C: The test database still has real names in it. I replace them by {d3}.
> C | replace real names in the test database | anonymise the test data | d3
A: Until then those names could leak.
! real names could leak from the test database | leak of patients' names
# Training
B: Two of the clinics have asked for training.
A: Can we do it online?
B: Yes. I send both of them dates by {d4}.
> B | offer the two clinics dates for training | propose training dates | d4
D: A film would help as well.
C: I can record one when the release is out. I do not know when.
> C | record a film about the release | film the new release | -
E: Shall we print a handbook?
A: Nobody reads it. No.
x print a handbook
# Going live
A: We said we go live on {d5}.
D: With the fault open I would rather have a week more.
A: Then {d6}. I tell the clinics myself.
> A | tell the clinics the date of going live | announce the release date | d6
B: And if it goes wrong on the day?
D: I write down how we go back to the old version, by {d5}.
> D | write the plan for going back to the old version | draft the rollback plan | d5
E: The hotline may be overrun on the first day all the same.
! the hotline may be overrun on the first day | too many calls on day one
= Open day of a school
# Programme
A: The open day is in eight weeks. What do we show?
B: The laboratory, the choir and the workshop. I write the programme by {d1}.
> B | write the programme of the open day | draft the day's programme | d1
C: The choir needs the hall from nine. Who books it?
D: I do, today is too late, but by {d2}.
> D | book the hall for the choir | reserve the hall | d2
C: I only hope that it is not taken on that day.
! the hall may be taken on that day | hall not free
# Guests
E: Last year we had four hundred guests and one entrance.
A: We need a second one. {C}, can you ask the caretaker?
C: I ask him and let you know by {d3}.
> C | ask the caretaker about a second entrance | clarify the second entrance | d3
B: We could sell tickets.
E: For a school? No, it stays free.
x sell tickets
# Food
D: The parents' council cooks again.
A: They want a list of allergies from us. {E}?
E: I make the list by {d4}.
> E | make the list of allergies | compile allergens | d4
D: And I pay for the rented plates when the bill comes.
> D | pay the bill of the rented plates | settle the plate rental | -
# Publicity
A: The newspaper would print half a page.
B: If we give them a text. I have one ready by {d5}.
> B | write the text for the newspaper | deliver an article to the paper | d5
C: Posters as well?
A: We have enough of the old ones. No new posters.
x print new posters
E: I put the date on the website by {d1}.
A: After the programme is there, please. Take {d6}.
E: Good, {d6}.
> E | put the date on the website | announce the day online | d6
C: And if it rains, the yard is empty.
! rain would empty the yard | bad weather in the yard
= Move of a warehouse
# Time
A: The lease of the old hall ends in ten weeks.
B: The shelves for the new one take six. I order them by {d1}.
> B | order the shelves for the new hall | place the order of shelving | d1
C: What if the floor is not dry by then?
D: I measure it on {d2} and we know.
> D | measure the damp in the new floor | test whether the floor is dry | d2
A: If it is not dry in time, everything waits.
! the floor may not be dry in time | damp floor delays the move
# Stock
E: We carry nine thousand items, and a third has not moved in a year.
A: Then we sell that before we move.
E: I bring a list of them by {d3}.
> E | list the items that have not moved in a year | find the slow stock | d3
C: We might give it to charity.
A: Later perhaps. Not now.
x give the slow stock to charity
# Staff
B: Four colleagues cannot reach the new place by bus.
A: {C}, talk to the bus company.
C: I call them. They decide, so I name no day.
> C | talk to the bus company about a stop | ask for a bus connection | -
D: I make a plan of shared cars by {d4}.
> D | make a plan of shared cars | organise car pools | d4
B: Some may leave all the same, it is an hour more a day.
! people may leave because of the longer way | staff lost to the commute
# Computers
E: The scanners do not know the new hall.
B: I have the new maps loaded by {d5}.
> B | load the new maps into the scanners | update the scanners' maps | d5
C: We could replace them by new ones.
A: The old ones are three years old. We keep them.
x replace the old scanners
A: And the firewall? {E}, by {d1}?
E: Not before {d6}.
A: {d6}, then.
> E | set up the firewall in the new hall | install the new firewall | d6
"""
CHINESE = """
= 新款保温杯上市准备会
# 包装设计
A：先说包装。{B}，样盒到了吗？
B：到了，但是盖子上的印字太浅，要重新打样。
A：{d1}之前能拿到新的吗？
B：可以，{d1}我把新样盒带来。
> B | 重新打样包装盒 | 制作新的包装样盒 | d1
C：说明书也要跟着改，我{d2}前改完。
> C | 修改产品说明书 | 更新说明书内容 | d2
A：印刷厂上次就晚了，这次可能再次延误。
! 印刷厂可能再次延误 | 印刷再度延期
# 线上店铺
D：店铺首页还是旧款。
E：我来换，{d3}上线。
> E | 更换店铺首页 | 更新网店首页图片 | d3
D：要不要同时做直播？
A：人手不够，这次不做。
x 做直播
# 售后
B：上一款的投诉主要是漏水。
A：{D}，你整理一份投诉清单。
D：好，{d4}发给大家。
> D | 整理投诉清单 | 汇总上一款的投诉 | d4
C：还要给客服做一次培训。
E：培训我来办，日期还定不下来。
> E | 组织客服培训 | 给客服人员做培训 | -
B：新的密封圈没有测过，可能仍会漏水。
! 密封圈可能仍会漏水 | 漏水问题未解决
# 预算
A：推广费超了百分之六。{C}，{d1}能给明细吗？
C：供应商的发票要晚几天，{d5}吧。
A：行，{d5}。
> C | 提供推广费明细 | 列出推广费用明细 | d5
E：那就涨价？
A：不涨。
x 提高售价
B：我去把第二个仓库退掉，{d6}办完。
> B | 退掉第二个仓库 | 退租二号仓库 | d6
= 图书馆系统升级会
# 旧数据
A：旧系统里有多少条记录？
B：四十万条，其中两万条没有书号。
A：没有书号的怎么办？
C：我写个程序补上，{d1}完成。
> C | 补全缺失的书号 | 编程补齐书号 | d1
D：迁移之前要备份，我{d2}做好备份。
> D | 备份旧系统数据 | 完成数据备份 | d2
A：迁移的时候可能丢失记录，要小心。
! 迁移时可能丢失记录 | 数据迁移丢失
# 借还机器
E：三楼的借还机器经常读不出卡。
A：{E}，联系厂家来修。
E：我约厂家{d3}来。
> E | 联系厂家维修借还机器 | 约厂家修机器 | d3
B：不如全部换新的。
A：今年没有这笔钱，先不换。
x 更换全部借还机器
# 读者通知
C：升级那天要闭馆半天。
A：通知谁来写？
B：我写，{d4}贴出去。
> B | 张贴闭馆通知 | 撰写闭馆公告 | d4
D：老年读者不看网页，我去打电话，打完为止。
> D | 电话通知老年读者 | 给老年读者打电话 | -
E：就怕有的读者不知道，白跑一趟。
! 读者可能白跑一趟 | 读者不知道闭馆
# 验收
A：原定{d5}验收。
E：厂家来得晚，推后一点更稳妥。
A：那就{d6}，验收表我来准备。
> A | 准备验收表 | 编制系统验收表 | d6
C：要不要请外面的专家？
A：不请了，自己人就够。
x 请外部专家验收
B：我把测试账号{d5}发给大家。
> B | 发放测试账号 | 分发测试用账号 | d5
= 社区食堂筹备会
# 场地
A：场地谈得怎么样？
B：租金谈好了，合同还没签。我{d1}去签。
> B | 签订场地合同 | 签租赁合同 | d1
C：厨房的排烟要检查，我请人{d2}来看。
> C | 检查厨房排烟 | 请人查看排烟设备 | d2
A：排烟要是不合格，开业就得推迟。
! 排烟可能不合格 | 排烟达不到标准
# 菜单
D：老人希望少油少盐。
A：{D}，你先定一份菜单。
D：一周的菜单{d3}给大家看。
> D | 制定一周菜单 | 拟定每周菜谱 | d3
E：加一个夜宵吧？
A：只做午饭和晚饭，不做夜宵。
x 增加夜宵
# 志愿者
B：送餐至少要十个人。
E：我去大学招人，{d4}报名截止。
> E | 到大学招募志愿者 | 招募送餐志愿者 | d4
C：志愿者要有健康证，我陪他们去办，时间再定。
> C | 陪志愿者办健康证 | 办理志愿者健康证 | -
D：学校一放假，志愿者可能不够。
! 放假时志愿者可能不够 | 假期缺少志愿者
# 收费
A：一顿饭收多少？
D：我先算成本，{d1}给数。
A：菜价下周才出来，{d5}也可以。
D：那就{d5}。
> D | 核算一顿饭的成本 | 计算每餐成本 | d5
B：干脆免费。
A：补贴不够，不能免费。
x 免费供餐
E：刷卡机我{d6}装好。
> E | 安装刷卡机 | 装好食堂刷卡机 | d6
= 手机应用版本评审会
# 崩溃问题
A：上周的崩溃率是多少？
B：千分之四，主要是旧手机内存不够。
A：谁来改？
C：图片缓存我来改，{d1}提交。
> C | 修改图片缓存 | 优化图片的缓存 | d1
D：我在十台旧手机上再测一遍，{d2}出结果。
> D | 在旧手机上复测 | 用旧手机重新测试 | d2
B：最老的那几款可能仍然崩溃。
! 旧手机可能仍然崩溃 | 老机型崩溃未消除
# 新功能
E：用户一直要夜间模式。
A：{E}，先出设计稿。
E：{d3}给设计稿。
> E | 完成夜间模式设计稿 | 出夜间模式的设计 | d3
B：语音输入也一起做？
A：这个版本不做语音输入。
x 增加语音输入
# 权限说明
C：商店要求写清楚为什么要定位。
A：{B}，说明你来写。
B：我{d4}写好。
> B | 撰写定位权限说明 | 写明定位权限的用途 | d4
D：隐私条款也旧了，我找律师看，什么时候看完要问他。
> D | 请律师审阅隐私条款 | 找律师看隐私条款 | -
A：说明不清楚的话，商店可能拒绝上架。
! 应用商店可能拒绝上架 | 商店审核不通过
# 发布
A：{d5}发布来得及吗？
C：测试完要改，{d6}比较稳。
A：那就{d6}发布，我来通知市场部。
> A | 通知市场部发布日期 | 告知市场部何时发布 | d6
B：要不要先给一成用户？
A：不分批，一次全发。
x 分批发布
E：更新说明我{d5}写完。
> E | 写更新说明 | 完成版本更新说明 | d5
"""
NAMES = {
    "en": "Ada Ben Clara Dev Elif Femi Greta Hugo Ines Jonas Kemi Lars Maya Nils Olga "
    "Priya Rosa Sven Tara Uri",
    "zh": "王芳 李强 张敏 刘洋 陈静 杨磊 赵婷 黄勇 周莉 吴刚 徐丽 孙杰 马超 朱红 胡军 "
    "郭艳 何平 高翔 林娜 罗宏",
}
NOTES = {"en": ENGLISH, "zh": CHINESE}
#: Between speaker and words, and between names.
COLON, COMMA = {"en": ": ", "zh": "："}, {"en": ", ", "zh": "、"}
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July"]


def spoken(day: date, language: str) -> str:
    """Return a day as people say it."""
    if language == "zh":
        return f"{day.month}月{day.day}日"
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def workday(day: date) -> date:
    """Return the day, or the Monday after it."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def drawn(chance: Random, names: list[str]) -> tuple[dict[str, str], date, list[date]]:
    """Return who speaks the parts, the day of the meeting, and six later days."""
    pool = list(names)
    people = {part: pool.pop(chance.randrange(len(pool))) for part in SPEAKERS}
    day = workday(date(2026, 1, 5) + timedelta(days=chance.randrange(150)))
    offsets = [3 + 5 * n + chance.randrange(4) for n in range(6)]
    return people, day, [workday(day + timedelta(days=n)) for n in offsets]


def unfolded(notes: str) -> list[str]:
    """Return the lines of a note, each with its continuation."""
    return notes.strip().replace("\n  ", " ").split("\n")


def meeting(notes: str, language: str, number: int) -> dict[str, Any]:
    """Return a meeting with its transcript and what was agreed."""
    chance = Random(f"{SEED}:{language}:{number}")
    people, day, days = drawn(chance, NAMES[language].split())
    words = people | {f"d{n + 1}": spoken(one, language) for n, one in enumerate(days)}
    due = {f"d{n + 1}": one.isoformat() for n, one in enumerate(days)} | {"-": None}
    title, *lines = unfolded(notes)
    held: dict[str, Any] = {
        "meeting": f"{language}-{number}",
        "language": language,
        "title": title,
        "date": day.isoformat(),
        "present": sorted(people.values()),
        "agenda": [],
        "actions": [],
        "risks": [],
        "declined": [],
    }
    talk: list[str] = []
    for line in lines:
        mark, rest = line[0], line[2:]
        match mark:
            case "#":
                held["agenda"].append(rest)
            case ">":
                who, what, other, when = rest.split(" | ")
                held["actions"].append(
                    {
                        "who": people[who],
                        "what": what,
                        "other": other,
                        "due": due[when],
                        "quote": talk[-1].split(COLON[language], 1)[1],
                    }
                )
            case "!":
                risk, other = rest.split(" | ")
                held["risks"].append({"what": risk, "other": other})
            case "x":
                held["declined"].append(rest)
            case _:
                said = line[1:].lstrip(":： ").format(**words)
                talk.append(f"{people[mark]}{COLON[language]}{said}")
    held["transcript"] = "\n".join([*top(held, people, day), *talk])
    return held


def top(held: dict[str, Any], people: dict[str, str], day: date) -> list[str]:
    """Return the lines before the talk: title, day, who is there."""
    language = held["language"]
    present = COMMA[language].join(people.values())
    when = f"{spoken(day, language)} {day.year}"
    if language == "zh":
        when = f"{day.year}年{spoken(day, language)}"
        return [held["title"], f"日期：{when}", f"出席：{present}", ""]
    return [held["title"], f"Date: {when}", f"Present: {present}", ""]


def main() -> None:
    save_json(
        __file__,
        [
            meeting(notes, language, number)
            for number in range(1, 5)
            for language in NOTES
            for notes in [NOTES[language].split("\n= ")[number]]
        ],
    )


if __name__ == "__main__":
    main()

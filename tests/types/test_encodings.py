"""Encodings: short texts of each are read right, and nothing else passes as text."""

import random
from itertools import product

import pytest

from glmkit.types.encodings import decode

SIMPLE = (
    "城市 年份 北京 上海 广州 姓名 年龄 备注 产品 评价 价格 质量 服务 态度 物流 订单 "
    "金额 日期 客户 公司 会议 纪要 项目 启动 材料 电池 手机 推荐 购买 问题 答案 学生 "
    "老师 课程 数学 语文 医院 医生 症状 药物 天气 温度 地址 电话 邮箱 类别 标签 情感"
)
TRADITIONAL = (
    "城市 年份 臺北 高雄 臺中 姓名 年齡 備註 產品 評價 價格 品質 服務 態度 物流 訂單 "
    "金額 日期 客戶 公司 會議 紀要 專案 啟動 資料 電池 手機 推薦 購買 問題 答案 學生 "
    "老師 課程 數學 國文 醫院 醫生 症狀 藥物 天氣 溫度 地址 電話 信箱 類別 標籤 情感"
)
WESTERN = (
    "Größe Müller Straße München Köln Äpfel Übung Prüfung café résumé naïve élève "
    "garçon où déjà français España niño mañana corazón acción São coração não você "
    "Århus Øresund smørrebrød città perché Zürich Genève Málaga 25°C £20 €30 ±3"
)
UTF_16 = ["utf-16-le", "utf-16-be"]


@pytest.mark.parametrize(
    ("words", "encoding", "guess"),
    [
        (SIMPLE, "gb18030", "GB18030"),
        (TRADITIONAL, "big5", "Big5"),
        (WESTERN, "cp1252", "Windows-1252"),
        *product(
            [SIMPLE, TRADITIONAL, WESTERN], ["utf-16-le", "utf-16-be"], ["UTF-16"]
        ),
    ],
)
def test_a_short_table_is_read_in_each_encoding(
    words: str, encoding: str, guess: str
) -> None:
    chance = random.Random(7)
    for _ in range(200):
        text = "".join(
            ",".join(chance.sample(words.split(), 3)) + "\n" for _ in range(2)
        )
        found = decode(text.encode(encoding))
        assert found == (text, guess)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_no_guess(encoding: str) -> None:
    assert decode("天空,é\r\n".encode(encoding)) == ("天空,é\r\n", "")


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\xff\x01",
        b"nul \x00 in it",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"PK\x03\x04\x14\x00\x08\x00",
        "Größe und Köln, schön".encode() + b"\xff",
        "城市,年份\n北京,1990".encode()[:-12] + b"\xe5\n",
        "Привет, мир".encode("cp1251"),
        "これは短いテキストです。".encode("shift_jis"),
        *(random.Random(seed).randbytes(300) for seed in range(40)),
    ],
)
def test_other_bytes_are_not_taken_for_text(data: bytes) -> None:
    assert decode(data) is None


def test_empty_and_plain_files_are_utf_8() -> None:
    assert decode(b"") == ("", "")
    assert decode(b"a,b\r\n") == ("a,b\r\n", "")

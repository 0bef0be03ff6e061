"""Codes as people write them between words: what belongs to them, and what may come back of them alone."""

import pytest

from harness.text import check, extract_targets, repair


@pytest.mark.parametrize(
    ("source", "target", "right", "damaged"),
    [
        ("预警〔粤-阳-2024-0615A〕,过去", "粤-阳-2024-0615A", "（粤-阳-2024-0615A）", "粤-阳 - 2024-0615A"),
        ("［SH-2/7］号", "SH-2/7", "[SH-2/7] 号", "SH - 2/7"),
        ("L/C NO.ILCD-2024/0773", "ILCD-2024/0773", "信用证号 ILCD-2024/0773", "ILCD - 2024/0773"),
        ("IS\n-A333/H-SDE3/LB1\n-ZGGG0030", "A333/H-SDE3/LB1", "机型 A333/H-SDE3/LB1", "A333 / H-SDE3/LB1"),
        ("errCode:-601034 errMsg", "-601034", "错误码 -601034 表示", "错误码 - 601034"),
        ("AppID wx8d21f0c9b3a47e5f 页面", "wx8d21f0c9b3a47e5f", "AppID：wx8d21f0c9b3a47e5f", "wx8d21f0c9 b3a47e5f"),
        ("代替 06Cr19Ni10 / SUS304-2B ，", "SUS304-2B", "也就是 SUS304-2B", "SUS304 - 2B"),
        (
            "取流rtsp://10.8.1.64:554/Channels/101,NVR通道",
            "rtsp://10.8.1.64:554/Channels/101",
            "rtsp://10.8.1.64:554/Channels/101，NVR 通道",
            "rtsp://10.8.1.64:554/Channels/ 101",
        ),
        (
            "在【04】/第07讲_不定积分[1080P].mp4.7z.003,解压",
            "第07讲_不定积分[1080P].mp4.7z.003",
            "第07讲_不定积分[1080P].mp4.7z.003 文件",
            "第07讲_不定积分 [1080P].mp4.7z.003",
        ),
        ("、JJG(交通)051-2009、", "JJG(交通)051-2009", "规程 JJG(交通)051-2009", "JJG(交通)051 - 2009"),
        ("对端是 汇聚_3#楼-5F/G0/0/49,", "汇聚_3#楼-5F/G0/0/49", "“汇聚_3#楼-5F/G0/0/49”", "汇聚_3#楼 - 5F/G0/0/49"),
        (";D6204/1次重联", "D6204/1", "D6204/1 次重联", "D6204 / 1"),
        ("主机Loop2/057回路屏蔽", "Loop2/057", "主机 Loop2/057 回路", "Loop2 / 057"),
        (
            "写的$.data.list[?(@.code=='TM_88-绿')].stock 返回",
            "$.data.list[?(@.code=='TM_88-绿')].stock",
            "写的 $.data.list[?(@.code=='TM_88-绿')].stock 返回",
            "$.data.list[? (@.code=='TM_88-绿')].stock",
        ),
    ],
)
def test_a_code_is_protected_as_it_is_said(source: str, target: str, right: str, damaged: str) -> None:
    assert any(target in (one.text, *one.alternates) for one in extract_targets(source))
    assert set(check(source, right).verdicts.values()) <= {"verbatim", "absent"}
    assert repair(source, right).text == right
    assert "spaced" in check(source, damaged).verdicts.values()
    assert repair(source, damaged).text.endswith(target)


@pytest.mark.parametrize(
    ("source", "answer", "miss"),
    [
        ("控制器DS-K2604T/网口2", "控制器 DS-K2064T（网口 2）", "DS-K2064T"),
        ("门禁卡E0-7F-91-2C×2；", "门禁卡 E0-7F-91-C2，2 张", "E0-7F-91-C2"),
        ("CAS1338-23-4, EC", "CAS：1338-23-5", "1338-23-5"),
        ("申请CN202310412786.X权", "申请 CN202310412768.X 权利", "CN202310412768.X"),
        ("品号\n国药准字H20193042\n", "|氨溴索|国药准字H20193024|", "国药准字H20193024"),
    ],
)
def test_a_wrong_character_of_a_part_is_seen(source: str, answer: str, miss: str) -> None:
    result = check(source, answer)
    assert [one.text for several in result.mentions.values() for one in several if one.verdict == "corrupted"] == [miss]


def test_the_next_string_of_a_path_is_not_a_near_miss_of_its_end() -> None:
    source, answer = "见 docs/setup/part-12a.md 文件", "再建一个 setup/part-13a.md"
    assert set(check(source, answer).verdicts.values()) <= {"absent"}

"""How damage to a target counts that nobody listed: by its kind, and by the edges that the scanner was sure of."""

import tracemalloc
from pathlib import Path
from unicodedata import normalize

import pytest

from benchmarks.text.precision import count, files, halves, report
from harness.text import Target, check, extract_targets, repair


def judged(target: Target, source: str, output: str) -> tuple[str, list[tuple[str, str]]]:
    result = check(source, output, [target])
    return result.verdicts[target.text], [(one.text, one.severity) for one in result.mentions[target.text]]


@pytest.mark.parametrize(
    ("kind", "text", "output", "verdict", "mentions"),
    [
        ("range", "10-20", "10–20 m", "verbatim", [("10–20", "note")]),
        ("range", "0600-0800", "0600–0800", "verbatim", [("0600–0800", "note")]),
        ("range", "3,3-5V", "3,3–5 V", "verbatim", [("3,3–5 V", "note")]),
        ("range", "3,3-5V", "3,3 - 5 V", "spaced", [("3,3 - 5 V", "damage")]),
        ("range", "10-20", "10～20 m", "verbatim", [("10～20", "note")]),
        ("range", "10-20", "10 – 20 m", "lookalike", [("10 – 20", "damage")]),
        ("range", "10-20", "10 - 20 m", "spaced", [("10 - 20", "damage")]),
        ("range", "10-20", "10 20, 1020, 10_20, 10/20", "absent", []),
        ("range", "3-5个", "3–5 个工作日", "verbatim", [("3–5 个", "note")]),
        ("range", "3-5个", "3 - 5 个工作日", "spaced", [("3 - 5 个", "damage")]),
        ("date", "2024-05-01", "2024/05/01", "absent", []),
        ("date", "2024-05-01", "2024 - 05 - 01", "spaced", [("2024 - 05 - 01", "damage")]),
        ("name", "and/or", "and or, and-or, And/Or, andor", "absent", []),
        ("name", "and/or", "and / or", "spaced", [("and / or", "damage")]),
        ("name", "top-level", "top–level", "lookalike", [("top–level", "damage")]),
        ("name", "startup-file", "打开 startup file。", "altered", [("startup file", "damage")]),
        ("name", "startup-file", "open the startup file", "absent", []),
        ("cjk-pair", "吧台/岛台", "吧台、岛台 吧台 岛台 吧台岛台", "absent", []),
        ("cjk-pair", "吧台/岛台", "吧台 / 岛台", "spaced", [("吧台 / 岛台", "damage")]),
        ("cjk-pair", "吧台/岛台", "吧台／岛台", "lookalike", [("吧台／岛台", "damage")]),
        ("identifier", "created_at", "it was created at noon", "verbatim", [("created at", "note")]),
        ("identifier", "user_id2", "the user id2", "altered", [("user id2", "damage")]),
        ("version", "3.11", "311 files, 3 11, 3_11", "absent", []),
        ("version", "3.11.20", "31120", "altered", [("31120", "damage")]),
        ("code", "AB-12-A", "AB-12 a better one", "absent", []),
        ("code", "AB-12-A", "AB 12 A", "altered", [("AB 12 A", "damage")]),
        ("code", "Sikalastic-609", "Sikalastic-\n609", "spaced", [("Sikalastic-\n609", "damage")]),
        ("cas", "CAS64-17-5", "CAS**64-17-5**", "verbatim", [("CAS**64-17-5", "note")]),
        ("cas", "CAS64-17-5", "CAS64**-17-5**", "altered", [("CAS64**-17-5", "damage")]),
        ("cas", "CAS64-17-5", "CAS**64**-17-5", "altered", [("CAS**64**-17-5", "damage")]),
        ("file", "年-报.md", '{"a": "\\u5e74-\\u62a5.md"}', "verbatim", [("\\u5e74-\\u62a5.md", "note")]),
        ("file", "年-报.md", "a \\u5e74-\\u62a5.md", "altered", [("\\u5e74-\\u62a5.md", "damage")]),
        ("file", "年-报.md", '{"a": "\\u5e74\\u002d\\u62a5.md"}', "verbatim", [("\\u5e74\\u002d\\u62a5.md", "note")]),
        ("code", "3-2-1402室", "3-2-1402 室", "verbatim", [("3-2-1402 室", "note")]),
        ("code", "AB-C1/X台", "AB-C1/X 台", "spaced", [("AB-C1/X 台", "damage")]),
        ("code", "DEB-SYSTEMD-HELPER", "deb-systemd-helper", "verbatim", [("deb-systemd-helper", "note")]),
        ("code", "DEB-SYSTEMD-HELPER", "Deb-systemd-helper", "altered", [("Deb-systemd-helper", "damage")]),
        ("code", "DEB-SYSTEMD-7", "deb-systemd-7", "altered", [("deb-systemd-7", "damage")]),
        ("code", "TCP/IP", "tcp/ip", "altered", [("tcp/ip", "damage")]),
        ("unit", "12mm/ot", "12 mm/ot", "verbatim", [("12 mm/ot", "note")]),
        ("unit", "12mm/ot", "12mm / ot", "spaced", [("12mm / ot", "damage")]),
        ("range", "14-16°C", "14–16 °C", "verbatim", [("14–16 °C", "note")]),
        ("code", "V2-V4", "V2–V4", "verbatim", [("V2–V4", "note")]),
        ("code", "V2-X4", "V2–X4", "lookalike", [("V2–X4", "damage")]),
        ("name", "Mon-Thu", "Mon–Thu", "verbatim", [("Mon–Thu", "note")]),
        ("path", "/var/lib/data", "var lib data", "absent", []),
        ("path", "/proc/sys/", "in /proc/sys\n   /etc", "absent", []),
        ("path", "/proc/sys/", "in /proc/ sys/", "spaced", [("/proc/ sys/", "damage")]),
        ("code", "#Setup-Guide", "# Setup Guide", "absent", []),
        ("code", "#Setup-Guide", "see #Setup Guide", "altered", [("#Setup Guide", "damage")]),
        ("placeholder", "{Error}", "the ${error}", "absent", []),
        ("placeholder", "{Error}", "the {error}", "altered", [("{error}", "damage")]),
        ("placeholder", "{Buffer}", "import { Buffer } from", "absent", []),
        ("placeholder", "{name}", "Hello { name }", "spaced", [("{ name }", "damage")]),
        ("code", "HTTP/2", "pip install x[http2], http 2", "altered", [("http 2", "damage")]),
        ("code", "BSD-3-Clause", "BSD-3-clause", "verbatim", [("BSD-3-clause", "note")]),
        ("code", "BSD-3-Clause", "bsd-3-clause", "altered", [("bsd-3-clause", "damage")]),
        ("email", "ana.lopez@x.org", "Ana.Lopez@X.org", "verbatim", [("Ana.Lopez@X.org", "note")]),
        ("identifier", "uintN_t", "of type [u]intN_t", "absent", []),
        ("identifier", "s3.Object", "the S3 object", "verbatim", [("S3 object", "note")]),
        ("code", "DEVLINK-RESOURCE", "the devlink resource", "absent", []),
        ("path", "/etc/nsswitch.conf", "IN /ETC/NSSWITCH.CONF\nis", "verbatim", [("/ETC/NSSWITCH.CONF", "note")]),
        ("path", "/etc/nsswitch.conf", "in /ETC/NSSWITCH.CONF", "altered", [("/ETC/NSSWITCH.CONF", "damage")]),
        ("option", "--issue-file", "/issue file", "absent", []),
        ("unit", "kg/day", "kg/\nday", "verbatim", [("kg/\nday", "note")]),
        ("unit", "kg/day", "`kg/\nday`", "spaced", [("kg/\nday", "damage")]),
        ("unit", "kg/day", "Kg/day is", "verbatim", [("Kg/day", "note")]),
        ("unit", "kg/day", "in Kg/day", "altered", [("Kg/day", "damage")]),
        ("code", "TCP/IP", "https://x.org/tcp-ip-guide tcp-ip.md #tcp-ip tcp_ip_x", "absent", []),
        ("code", "TCP/IP", "see tcp-ip.", "altered", [("tcp-ip", "damage")]),
    ],
)
def test_damage_counts_by_kind(
    kind: str, text: str, output: str, verdict: str, mentions: list[tuple[str, str]]
) -> None:
    target = Target(text, kind, 0, len(text))
    assert judged(target, text, output) == (verdict, mentions)
    mended = repair(text, output, [target])
    assert bool(mended.edits) is (verdict in ("spaced", "lookalike"))


@pytest.mark.parametrize(
    ("source", "target", "right", "damaged"),
    [
        ("，凭证图IMG_2024-0611.jpg", "IMG_2024-0611.jpg", "凭证图 IMG_2024-0611.jpg", "IMG_2024 - 0611.jpg"),
        ("，MSDS文件丙酮-中文.pdf", "丙酮-中文.pdf", "MSDS 文件丙酮-中文.pdf", "丙酮 - 中文.pdf"),
        ("，Lua脚本扣减-库存.lua", "扣减-库存.lua", "Lua 脚本扣减-库存.lua", "扣减 - 库存.lua"),
        ("，报表MB5B-库存.xlsx", "MB5B-库存.xlsx", "报表 MB5B-库存.xlsx", "MB5B - 库存.xlsx"),
        ("，稳健-90天说明书ZS90D-2024.pdf", "ZS90D-2024.pdf", "稳健-90天说明书 ZS90D-2024.pdf", "ZS90D - 2024.pdf"),
        ("，工程量清单GCL-03/土建.xls", "GCL-03/土建.xls", "工程量清单 GCL-03/土建.xls", "GCL - 03/土建.xls"),
        ("🔧AB-12/C🔧是配件号", "AB-12/C", "🔧 AB-12/C 🔧 是", "AB - 12/C"),
        (
            "下载⬇️tool-cli_0.9.2.tar.gz后",
            "tool-cli_0.9.2.tar.gz",
            "⬇️ tool-cli_0.9.2.tar.gz 后",
            "tool - cli_0.9.2.tar.gz",
        ),
        (
            "👉https://a.example.com/x-y?z=1👈",
            "https://a.example.com/x-y?z=1",
            "https://a.example.com/x-y?z=1 👈",
            "https: //a.example.com/x-y?z=1",
        ),
        ("الطلب \u2067INV-2024/77\u2069", "INV-2024/77", "\u2067 INV-2024/77 \u2069", "INV-2024 / 77"),
        ("ملف \u200eC:\\a\\x-1.docx\u200e", "C:\\a\\x-1.docx", "C:\\a\\x-1.docx", "C:\\a\\x - 1.docx"),
        ("รหัสสินค้า:TH-2024/55กรุณา", "TH-2024/55", "รหัสสินค้า: TH-2024/55 กรุณา", "TH - 2024/55"),
        ("Артикул:АБ-12/3-К", "АБ-12/3-К", "Артикул: АБ-12/3-К", "АБ - 12/3-К"),
        ("IMEI:35-209900-176148-1", "35-209900-176148-1", "IMEI: 35-209900-176148-1", "35 - 209900-176148-1"),
        ("①AB-1/C②AB-2/D", "AB-2/D", "① AB-1/C ② AB-2/D", "AB - 2/D"),
        (
            "https://t.co/a-b,https://t.co/c-d",
            "https://t.co/c-d",
            "https://t.co/a-b , https://t.co/c-d",
            "https://t.co/c - d",
        ),
        ("pièce n°A-12/3 ici", "A-12/3", "pièce n° A-12/3 ici", "A-12 / 3"),
        ("价格为￥1,299.00/台", "1,299.00/台", "￥ 1,299.00/台", "1,299.00 / 台"),
        ("阿莫西林 0.25g×24粒/盒", "24粒/盒", "24 粒/盒", "24粒 / 盒"),
        ("调用 obj->getName() 方法", "obj->getName()", "obj->getName()", "obj - >getName()"),
        ("cron 0 */5 * * * 每五分钟", "0 */5 * * *", "0 */5 * * *", "0 * /5 * * *"),
        ("正则 ^[A-Z]{2}-\\d{4}$ 校验", "^[A-Z]{2}-\\d{4}$", "^[A-Z]{2}-\\d{4}$", "^[A-Z]{2} - \\d{4}$"),
        (
            "http://10.0.0.5/users/{id}/orders",
            "http://10.0.0.5/users/{id}/orders",
            "http://10.0.0.5/users/{id}/orders",
            "http://10.0.0.5/users/{id} / orders",
        ),
        (
            "变量 user-ids/{tenant-id}/list 展开",
            "user-ids/{tenant-id}/list",
            "user-ids/{tenant-id}/list",
            "user-ids/{tenant-id} / list",
        ),
        (
            "https://a.example.com/wiki/北京-上海铁路 词条",
            "https://a.example.com/wiki/北京-上海铁路",
            "https://a.example.com/wiki/北京-上海铁路",
            "https://a.example.com/wiki/北京 - 上海铁路",
        ),
        (
            "%APPDATA%\\npm-cache\\_logs 满了",
            "%APPDATA%\\npm-cache\\_logs",
            "%APPDATA%\\npm-cache\\_logs",
            "%APPDATA%\\npm - cache\\_logs",
        ),
        ("合同HT-2024-(03)-009号", "HT-2024-(03)-009", "HT-2024-(03)-009", "HT-2024 - (03)-009"),
        ("颜色 深空灰/256GB/Wi-Fi 版", "深空灰/256GB/Wi-Fi", "深空灰/256GB/Wi-Fi", "深空灰 / 256GB/Wi-Fi"),
        (normalize("NFD", "모델SQ-12/A를 주문"), "SQ-12/A", normalize("NFD", "모델 SQ-12/A 를"), "SQ - 12/A"),
        (
            normalize("NFD", "エラー ERR-404/サーバー を"),
            normalize("NFD", "ERR-404/サーバー"),
            normalize("NFD", "ERR-404/サーバー"),
            "ERR - 404/サーバー",
        ),
        ("照片水电-客厅_01.jpg。", "照片水电-客厅_01.jpg", "照片 水电-客厅_01.jpg", "照片水电 - 客厅_01.jpg"),
        ("源表U8-应收.xls。", "源表U8-应收.xls", "源表 U8-应收.xls", "源表U8 - 应收.xls"),
        ("文案走i18n/zh-CN.json。", "文案走i18n/zh-CN.json", "文案走 i18n/zh-CN.json", "文案走i18n/zh - CN.json"),
        ("点检表QC-05.docx。", "点检表QC-05.docx", "点检表 QC-05.docx", "点检表QC - 05.docx"),
        ("SOP文件招标/价-2.pdf发", "SOP文件招标/价-2.pdf", "SOP文件 招标/价-2.pdf", "SOP文件招标/ 价-2.pdf"),
        ("回单要求：回单原件/复印件各一", "原件/复印件", "回单 原件/复印件 各一", "原件 / 复印件"),
        ("用于风控/广告的数据", "风控/广告", "用于 风控/广告 的数据", "风控 / 广告"),
        ("不要写成增强/平扫。", "增强/平扫", "不要写成 增强/平扫", "增强 / 平扫"),
        ("住宿500元/晚，", "500元/晚", "住宿 500 元/晚", "500元 / 晚"),
        ("送料は1,200円/箱、", "1,200円/箱", "送料は 1,200 円/箱", "1,200円 / 箱"),
        ("单价按元/㎡报", "元/㎡", "单价按 元/㎡ 报", "元 /㎡"),
        ("查56.3mIU/mL。", "56.3mIU/mL", "查 56.3 mIU/mL。", "56.3mIU / mL"),
        ("苏E-88K21挂车/13米，", "挂车/13米", "挂车/13 米", "挂车 / 13米"),
        ("基围虾1.2斤/68元。", "1.2斤/68元", "基围虾 1.2斤/68元", "1.2斤 / 68元"),
        ("批语80-120字。", "80-120字", "批语 80-120 字", "80 - 120字"),
        ("前往{0}/{1}区域", "{0}/{1}", "前往 {0}/{1} 区域", "{0} / {1}"),
        ("备案号ZL(2024)-00871", "ZL(2024)-00871", "备案号 ZL(2024)-00871", "ZL(2024) - 00871"),
        ("公示期11月8日-11月14日，", "11月8日-11月14日", "公示期 11月8日-11月14日", "11月8日 - 11月14日"),
        ("字幕文件EP03_简中-终校.srt", "EP03_简中-终校.srt", "字幕文件 EP03_简中-终校.srt", "EP03_简中 - 终校.srt"),
        ("資料DI_ロキソ-2024.pdf。", "DI_ロキソ-2024.pdf", "資料 DI_ロキソ-2024.pdf", "DI_ロキソ - 2024.pdf"),
        (
            "仕様書.docxと仕上表_内部-2F.xlsxの",
            "仕上表_内部-2F.xlsx",
            "と 仕上表_内部-2F.xlsx",
            "仕上表_内部 - 2F.xlsx",
        ),
        (
            "發文字號：府社婦字第1130288123號；",
            "府社婦字第1130288123號",
            "發文字號： 府社婦字第1130288123號",
            "府社婦字第 1130288123號",
        ),
        ("電話 (02)2720-8889轉1622", "(02)2720-8889", "(02)2720-8889 轉 1622", "(02)2720 - 8889"),
        ("ID格式UID:8000-2231-77。", "8000-2231-77", "UID: 8000-2231-77", "8000-2231 - 77"),
        ("政策V2.3-草案里“收集”", "V2.3-草案", "V2.3-草案 里", "V2.3 - 草案"),
        ("SKU：CF-9_套装B → 突出", "CF-9_套装B", "CF-9_套装B", "CF-9_套装 B"),
        (
            "与原理图SCH_主控板-RevC.SchDoc不一致",
            "SCH_主控板-RevC.SchDoc",
            "与原理图 SCH_主控板-RevC.SchDoc 不",
            "SCH_主控板 - RevC.SchDoc",
        ),
        ("成本中心CC_研发二部-AI，", "CC_研发二部-AI", "成本中心 CC_研发二部-AI", "CC_研发二部 - AI"),
        ("噪声昼/夜60/50dB(A)；", "60/50dB(A)", "噪声昼/夜 60/50 dB(A)", "60 / 50dB(A)"),
        ("用户：「我想把M-藏青換成L-藏青」", "L-藏青", "我想把 M-藏青 換成 L-藏青", "L - 藏青"),
        ("超过3天/次需总监审批", "3天/次", "超过 3 天/次 需总监审批", "3天 / 次"),
        ("编号PL_2024冬-07、", "PL_2024冬-07", "编号 PL_2024冬-07 、", "PL_2024 冬-07"),
        ("钢网GW-0.12/B面。", "GW-0.12/B面", "钢网 GW-0.12/B 面", "GW-0.12 / B面"),
        ("계약 제12조/제13조를", "제12조/제13조", "제12조/제13조 를", "제12조 / 제13조"),
        ("환불/교환은 7일", "환불/교환", "환불/교환 은", "환불 / 교환"),
        ("배송비는 3,000원/건입니다.", "3,000원/건", "배송비는 3,000 원/건 입니다", "3,000원 / 건"),
        ("規則：退貨/換貨7天內", "退貨/換貨", "退貨/換貨 7 天內", "退貨 / 換貨"),
        ("引用条款3.2.1-(4)。", "3.2.1-(4)", "引用条款 3.2.1-(4) 。", "3.2.1 - (4)"),
        ("编号：环监（2024）第0812号；", "环监（2024）第0812号", "编号 环监（2024）第0812号", "环监（2024）第 0812号"),
        (
            "附件：附件1-任务分解表.xlsx，",
            "附件1-任务分解表.xlsx",
            "见 附件1-任务分解表.xlsx",
            "附件1 - 任务分解表.xlsx",
        ),
        ("废水COD≤500mg/L，", "500mg/L", "废水 COD ≤ 500 mg/L", "500mg / L"),
        ("废水pH6-9，", "pH6-9", "废水 pH 6-9", "pH6 - 9"),
        ("| 租赁备案/产权证 | 1 |", "租赁备案/产权证", "租赁备案/产权证", "租赁备案 / 产权证"),
        ("请检查HL-12/C的状态", "HL-12/C", "HL-12/C 的状态", "HL-12 / C"),
        ("说明I/O的用法", "I/O", "I/O 的用法", "I / O"),
        ("主机10.0.3.0/24网段的/etc/app/a-b.conf里", "10.0.3.0/24", "10.0.3.0/24 网段", "10.0.3.0 / 24"),
        (
            "主机10.0.3.0/24网段的/etc/app/a-b.conf里",
            "/etc/app/a-b.conf",
            "在 /etc/app/a-b.conf 里",
            "/etc/app / a-b.conf",
        ),
        ("エラーE-1045が/var/log/app/error.logに", "/var/log/app/error.log", "E-1045", "/var/log / app/error.log"),
        ("请把汇总表上传至财务共享/2024/汇总.xlsm", "财务共享/2024/汇总.xlsm", "已上传", "财务共享 / 2024/汇总.xlsm"),
        ("用选项-xvf解压", "选项-xvf", "用选项 -xvf 解压", "选项 - xvf"),
        ("展柜二层东-3柜，", "二层东-3柜", "二层东-3 柜", "二层东 - 3柜"),
        ("型号B-919A，", "B-919A", "型号 B-919A", "B-919 A"),
        ("误差0.6角秒/RMS，", "0.6角秒/RMS", "0.6 角秒/RMS", "0.6角秒 / RMS"),
        ("晶圆12吋/28nm-HKMG，", "12吋/28nm-HKMG", "12 吋/28nm-HKMG", "12吋/28nm - HKMG"),
        ("返回码-2，", "返回码-2", "返回码 -2", "返回码- 2"),
        ("限苏E-88K21与粵B-D12345，", "粵B-D12345", "苏E-88K21 与 粵B-D12345", "粵B - D12345"),
        ("公式=SUM('24年报'!B:C,2)返回空", "=SUM('24年报'!B:C,2)", "=SUM('24年报'!B:C,2)", "=SUM('24 年报'!B:C,2)"),
        ('AT命令AT+CGATT=1,"IP"返回错', 'AT+CGATT=1,"IP"', '用 AT+CGATT=1,"IP" 命令', "AT+CGATT=1,“IP”"),
        ("参数page=20&sort=-age，", "page=20&sort=-age", "参数 page=20&sort=-age", "page=20 & sort=-age"),
        ("加N-Boc-哌嗪按1:1.2投料", "N-Boc-哌嗪", "N-Boc-哌嗪 按 1:1.2 投料", "N-Boc - 哌嗪"),
        ("重启web-华东报UNREACHABLE。", "web-华东", "web-华东 报 UNREACHABLE", "web - 华东"),
        ("线路161kV龙潭-松树检修", "龙潭-松树", "161kV 龙潭-松树", "龙潭 - 松树"),
        ("材料40Cr/调质HB240-280，", "HB240-280", "40Cr/调质 HB240-280", "HB240 - 280"),
        ("ETF联接A/C近一年收益12.3%/11.9%，", "12.3%/11.9%", "A/C 近一年收益 12.3%/11.9%", "12.3% / 11.9%"),
        ("PCA泵接三通-A口，", "三通-A口", "PCA 泵接 三通-A口", "三通 - A口"),
        ("毛重12.5kg/箱。", "12.5kg/箱", "毛重 12.5 kg/箱", "12.5kg / 箱"),
        ("JVM参数-Xms2g -Xmx4g，", "JVM参数-Xms2g", "JVM 参数 -Xms2g", "JVM参数- Xms2g"),
        ("；抗-HBs阳性", "抗-HBs", "抗-HBs 阳性", "抗 -HBs"),
        ("编码：SH-PD-03仓。", "SH-PD-03仓", "仓库 SH-PD-03仓 已满", "SH-PD-03 仓"),
        ("サーバーweb-prod-03の、", "web-prod-03", "web-prod-03 の", "web - prod-03"),
        ("规格0.25g/片×24片/盒，", "0.25g/片×24片/盒", "0.25g/片×24 片/盒", "0.25g/片×24片 / 盒"),
        ("紧急联系：导游-小马138-0931-7720。", "138-0931-7720", "小马 138-0931-7720", "138-0931 - 7720"),
        ("门票74元/人+区间车38元/人，", "74元/人", "74元/人+区间车 38元/人", "74元 / 人"),
        ("低于155bar.g时", "155bar.g", "低于 155 bar.g 时", "155bar . g"),
        ("看《ES扩容手册V1.4》。", "ES扩容手册V1.4", "《ES扩容手册V1.4》", "ES 扩容手册V1.4"),
        ("联系小蜜-07。", "小蜜-07", "找 小蜜-07 联系", "小蜜 -07"),
        ("表dwd_订单_明细的字段", "dwd_订单_明细", "表 dwd_订单_明细 的", "dwd_订单 _明细"),
        ('触发OnPhase(2,"狂暴")，', 'OnPhase(2,"狂暴")', '触发 OnPhase(2,"狂暴")', "OnPhase(2,“狂暴”)"),
        ("标的为沪深300/中债10Y；", "沪深300/中债10Y", "为 沪深300/中债10Y", "沪深300 / 中债10Y"),
        ("规格0.5mg*7片/盒；", "0.5mg*7片/盒", "规格 0.5 mg*7片/盒", "0.5mg×7片/盒"),
        ("尺寸2100*800*40，", "2100*800*40", "尺寸 2100*800*40", "2100 *800*40"),
        ("粤G妆网备字2024118832，", "粤G妆网备字2024118832", "粤G妆网备字2024118832", "粤G妆网备字 2024118832"),
        ("依据沪人社规〔2023〕18号。", "沪人社规〔2023〕18号", "沪人社规〔2023〕18号", "沪人社规〔2023〕18 号"),
        ("堆栈见/logs/订单/e-8.gz。", "/logs/订单/e-8.gz", "堆栈见 /logs/订单/e-8.gz", "/logs/ 订单/e-8.gz"),
        (
            "SPEC文件Spec/刻蚀/CD-S.pptx，",
            "Spec/刻蚀/CD-S.pptx",
            "SPEC 文件 Spec/刻蚀/CD-S.pptx",
            "Spec/刻蚀/CD - S.pptx",
        ),
        ("DRG组EB11/权重3.72，", "EB11/权重3.72", "DRG 组 EB11/权重3.72", "EB11 / 权重3.72"),
        ("保质期：18个月/-18℃，", "18个月/-18", "18个月/-18 ℃", "18个月 / -18"),
        ("显卡A100-80G×2/NVLink，", "A100-80G", "显卡 A100-80G", "A100 - 80G"),
        ("评分test_边-01~test_边-05分", "test_边-01", "评分 test_边-01", "test_边 - 01"),
        (
            "公证书(2024)京长安证字第5521号。",
            "(2024)京长安证字第5521号",
            "(2024)京长安证字第5521号",
            "(2024) 京长安证字第5521号",
        ),
        ("转化率98.2%±0.3%，", "98.2%±0.3%", "98.2% ± 0.3%", "98.2%±0. 3%"),
        ('{"话术": "前100名送枕*1-大"}', "前100名送枕*1-大", '"前100名送枕*1-大"', "前100名送枕*1 - 大"),
        ("防水涂料（JS-II型）", "JS-II型", "JS-II型 涂料", "JS-II 型"),
        ("电话400-820-8820转3。", "400-820-8820", "400-820-8820 转 3", "400-820 - 8820"),
        ("货号TX-2024冬-0098，", "TX-2024冬-0098", "货号 TX-2024冬-0098", "TX-2024 冬-0098"),
        ("编号QL-右3-07，", "QL-右3-07", "编号 QL-右3-07", "QL-右 3-07"),
        ("版本：劳动合同_2024版-V4，", "劳动合同_2024版-V4", "为 劳动合同_2024版-V4", "劳动合同_2024 版-V4"),
        ("凭国药准字H20100129购", "国药准字H20100129", "凭 国药准字H20100129", "国药准字 H20100129"),
        ("备案：京ICP备12345678号-1，", "京ICP备12345678号-1", "京ICP备12345678号-1", "京 ICP备12345678号-1"),
        ("文号国办发〔2024〕12号，", "国办发〔2024〕12号", "国办发〔2024〕12号", "国办发〔 2024〕12号"),
        ("15mg/(kg·次)，", "15mg/(kg·次)", "15 mg/(kg·次)", "15mg / (kg·次)"),
        ("加4-(4-氟苯基)丁酸，", "4-(4-氟苯基)丁酸", "加 4-(4-氟苯基)丁酸", "4-(4-氟苯基) 丁酸"),
        ("于DMF/H2O(4:1)中", "DMF/H2O(4:1)", "DMF/H2O(4:1) 中", "DMF/H2O (4:1)"),
        ("表位于Assets/掉落_S3.json，", "Assets/掉落_S3.json", "位于 Assets/掉落_S3.json", "Assets/掉落_ S3.json"),
        ("“熔炉/回廊”表为Cfg/熔炉.xlsx，", "熔炉/回廊", "表为 Cfg/熔炉.xlsx", "熔炉 / 回廊"),
        ("堆栈在GuildWar.lua:218，", "GuildWar.lua:218", "在 GuildWar.lua:218", "GuildWar.lua :218"),
        ("见说明书12/附页第[3]段", "12/附页", "附页 第 [3] 段", "12 / 附页"),
        ("联系张科长/025-83221100。", "025-83221100", "电话 025-83221100", "025 - 83221100"),
        ("为10.2.3.15:80/10.2.3.16:80，", "10.2.3.16:80", "用 10.2.3.16:80", "10.2.3.16: 80"),
        ("规格0.25g/片×24片/盒，", "0.25g/片", "每盒 24片/盒", "0.25g / 片"),
        (
            "表dwd_订单_明细按dt=2024-05-01分区",
            "dwd_订单_明细",
            "表 dwd_订单_明细 按 dt=2024-05-01 分区",
            "dwd_ 订单_明细",
        ),
        ("登录态由X-Auth-Token传。", "X-Auth-Token", "由 X-Auth-Token 传递", "X-Auth - Token"),
        ("并加-XX:+UseG1GC，", "-XX:+UseG1GC", "另加 -XX:+UseG1GC", "-XX: +UseG1GC"),
        ("宏-DNDEBUG，库-lpthread，", "宏-DNDEBUG", "宏 -DNDEBUG，库 -lpthread", "宏- DNDEBUG"),
        ("ods_用户_日志里event_type=点击", "ods_用户_日志", "ods_用户_日志 里 event_type=点击", "ods_用户 _日志"),
        ("镜像Python3.11-slim，", "Python3.11-slim", "镜像 Python3.11-slim", "Python3.11 -slim"),
        ("选项-C指定目录", "选项-C", "选项 -C 指定目录", "选项- C"),
        ("公式=SUM(A1:B2)返回", "=SUM(A1:B2)", "公式 =SUM(A1:B2)", "=SUM(A1 : B2)"),
        ("设备IP10.0.8.15/24，", "IP10.0.8.15/24", "IP 10.0.8.15/24", "IP10.0.8.15 / 24"),
    ],
)
def test_a_token_ends_where_its_neighbours_begin(source: str, target: str, right: str, damaged: str) -> None:
    assert any(target in one.text or target.endswith(one.text) for one in extract_targets(source))
    assert set(check(source, right).verdicts.values()) <= {"verbatim", "absent"}
    assert repair(source, right).text == right
    assert repair(source, damaged).text == target


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("体积等于2*3*4立方米", "体积为 2 × 3 × 4 = 24 立方米"),
        ("计算3*4*5等于多少", "3 × 4 × 5 等于 60"),
        ("结果为：12*3*2 ≈ 72", "12×3×2≈72"),
        ("室外-5度，室内26度", "室外 -5 度，室内 26 度"),
        ("面积89.5㎡，", "面积 89.5 ㎡"),
        ("扭矩25N·m，坍落度180±20mm，", "25 N·m，180±20 mm"),
        ("已行驶8,500km，", "已行驶 8,500 km"),
    ],
)
def test_a_sum_and_an_amount_are_written_as_one_likes(source: str, right: str) -> None:
    assert set(check(source, right).verdicts.values()) <= {"verbatim", "absent"}
    assert repair(source, right).text == right


PAIR = "请带二合一/防雨外套。"
BRANCH = "执行feature/订单-导出旧稿后再跑"


@pytest.mark.parametrize(
    ("source", "output", "verdict", "repaired"),
    [
        (PAIR, "请带 二合一/防雨 外套。", "verbatim", None),
        (PAIR, "请带**二合一/防雨**外套。", "verbatim", None),
        (PAIR, "请带 **二合一/防雨** 外套。", "verbatim", None),
        (PAIR, "请带\n二合一/防雨外套。", "verbatim", None),
        (PAIR, "请带**二合一 / 防雨**外套。", "spaced", "请带**二合一/防雨**外套。"),
        (PAIR, "请带 二合一/ 防雨 外套。", "spaced", "请带 二合一/防雨 外套。"),
        (PAIR, "请带**二合一**/防雨外套。", "altered", None),
        ("打开 钢结构/GJ12节点详图 吧", "打开 钢结构/GJ12 节点详图 吧", "spaced", "打开 钢结构/GJ12节点详图 吧"),
        (BRANCH, "`feature/订单-导出`旧稿后", "verbatim", None),
        (BRANCH, "`feature/订单 - 导出`旧稿后", "spaced", "`feature/订单-导出`旧稿后"),
        (BRANCH, "feature/订 单-导出旧稿", "spaced", "feature/订单-导出旧稿"),  # not in the Han at the uncertain edge
        ("住3-2-1402室", "住 3-2-1402 室", "verbatim", None),
        ("住3-2-1402室", "住**3-2-1402**室", "verbatim", None),
        ("住3-2-1402室", "住 3-2 - 1402 室", "spaced", "住 3-2-1402 室"),
        ("看旧单据/新单据_a处", "看旧 单据/新单据_a处", "verbatim", None),
        ("读取/data/样本资料内容", "读取/data/样本 资料内容", "spaced", "读取/data/样本资料内容"),  # a path is a whole
    ],
)
def test_what_parts_words_that_a_target_took_from_its_sentence_is_the_writers(
    source: str, output: str, verdict: str, repaired: str | None
) -> None:
    assert set(check(source, output).verdicts.values()) == {verdict}
    assert repair(source, output).text == (repaired or output)


@pytest.mark.parametrize(
    ("target", "output", "verdict"),
    [
        (Target("导出旧稿-v2", "code", 0, 8, open_left=True), "导出 旧稿-v2", "verbatim"),
        (Target("导出旧稿-v2", "code", 0, 8, open_right=True), "导出 旧稿-v2", "spaced"),
        (Target("/data/样本资料内容", "path", 0, 12, open_right=True), "/data/样本资料 内容", "spaced"),
        (Target("样本资料内容/a.md", "file", 0, 11, open_left=True), "样本 资料内容/a.md", "spaced"),
    ],
)
def test_han_at_an_uncertain_edge_may_be_the_sentences_but_not_in_a_path(
    target: Target, output: str, verdict: str
) -> None:
    assert judged(target, target.text, output)[0] == verdict


def test_a_strict_kind_takes_nothing_for_the_writers() -> None:
    found = check(PAIR, "请带 二合一/防雨外套。", strict_kinds=["cjk-pair"]).mentions["带二合一/防雨"]
    assert [(one.damage, one.severity) for one in found] == [(("space-inside",), "damage")]


def test_one_backslash_may_be_two_before_a_sign() -> None:
    assert check("", "`C:\\\\_logs`", ["C:\\_logs"]).verdicts == {"C:\\_logs": "verbatim"}


@pytest.mark.parametrize(
    ("source", "output", "severities"),
    [
        ("use numpy>=1.24,<2.0", "numpy >= 1.24, < 2.0 numpy>=1. 24,<2.0", ["note", "damage"]),
        ("let $a_1-b$ be", "$a_1 - b$ $ a_1-b $ $A_1-b$ $a_ 1-b$", ["note", "note", "damage"]),
        ("let $a_{12}-b_{34}$ be", "$a_{12}-b_{35}$", []),
        ("ISBN978-7-111-40701-0", "ISBN 978-7-111-40701-0 或 978-7-111 - 40701-0", ["note", "damage"]),
        ("run --dry_run", "--dry-run or `--dry-run`", ["note", "damage"]),
        ("页面user-center/订单", "user-center 订单或 user-center / 订单", ["note", "damage"]),
        ("用0.9%NaCl冲洗", "0.9% NaCl 或 0.9%Na Cl", ["note", "damage"]),
        ("见12J609/第17页", "12J609 第 17 页或 12J609 / 第17页", ["note", "damage"]),
        ("坐标X/Y", "坐标 X、Y 或 X / Y", ["damage"]),
        ("今天 -31℃，", "今天 - 31℃", ["damage"]),
        ('{"话术": "前100名送颈椎枕*1"}', '"前 100 名送颈椎枕*1"', []),
        ("msg.cart-empty=空", "msg.cart_empty=Empty", ["damage"]),
        ("冷冻-18℃保存", "冷冻 -18 ℃保存，冷冻- 18℃", ["damage", "damage"]),
        ("run --config=/etc/app-x.conf", "in /etc/app -x.conf", ["damage"]),
        ("see docs/v2.md#install", "see docs/v2.md#instal", ["damage"]),
        ("at $12/mo, \\eqref{eq:a-bc}", "at $ 12/mo, \\eqref{eq:a - bc}", ["note", "damage"]),
        ("order #1002-4471", "order 1002-4471 or 1002 - 4471", ["damage", "damage"]),
        ("in UTF-8 with SHA-256", "UTF8, UTF 8, SHA256, SHA–256", ["note", "damage", "note", "damage"]),
        ("l'e-mail, don't-care/x", "l’e-mail, l'e - mail", ["note", "damage"]),
        ("=VLOOKUP(A2,B:C) in", "=VLOOKUP(A2, B:C) or =VLOOKUP(A2,B:C )", ["note", "damage"]),
        ('Split("a,b,c")', "a, b, c or a,b ,c", ["note", "damage"]),
        ("地砖：800×800/通体", "800×800 通体砖、800×800 /通体", ["damage"]),
        ("上火190℃/下火", "上火 190℃、下火和 190 ℃/下火", ["damage"]),
        ("4-(2,4-xylyl)but-2-ene", "4-(2, 4-xylyl)but-2-ene", ["damage"]),
        ("the A319-114 of", "an a319-114", ["damage"]),
        ("see timeout_method", "the timeout-method, the timeout method", ["damage", "note"]),
        ("import {map} of {name}", "import { map } and { name }", ["damage"]),
        ("as %Y-%m-%d only", "as %Y/%m/%d or %Y-%m/%d", ["damage"]),
        ("self._cache_dir is", "self.cache_dir or self._cachedir", ["damage"]),
        ("in src/app/models/user.py", "src/\n  app/\n    models/\n      user.py", []),
        ("in src/app/user.py", "src/ app/user.py", ["damage"]),
        ("`config.set(...)` sets", "`config.set()`", ["damage"]),
        ("<!--type=misc--> is", "<!-- type=misc -->", []),
        ("Contribution(s) are", "(Contributions)", []),
    ],
)
def test_what_a_writer_chooses_is_a_note_and_the_rest_is_damage(
    source: str, output: str, severities: list[str]
) -> None:
    result = check(source, output)
    assert [one.severity for found in result.mentions.values() for one in found] == severities


def test_a_project_can_be_strict_with_a_kind() -> None:
    target = Target("10-20", "range", 0, 5)
    assert check("10-20", "10–20", [target], strict_kinds=["range"]).verdicts == {"10-20": "lookalike"}
    assert check("10-20", "10–20", ["10-20"]).verdicts == {"10-20": "lookalike"}


def test_the_reach_is_where_source_and_answer_agree() -> None:
    target = Target("吧台/岛台", "cjk-pair", 1, 6, open_left=True, open_right=True)
    (mention,) = check("水吧台/岛台区域", "在水吧台 / 岛台区内", [target]).mentions[target.text]
    assert (mention.text, mention.reach) == ("吧台 / 岛台", (1, 10))
    (mention,) = check("水吧台/岛台区域", "酒吧台 / 岛台", [target]).mentions[target.text]
    assert mention.reach is None


PATH = "/data/home/XJ风机选型/样本资料"


@pytest.mark.parametrize(
    ("output", "verdict", "mentions"),
    [
        (PATH, "verbatim", [PATH]),
        ("/data/home/XJ 风机选型/样本资料", "spaced", ["/data/home/XJ 风机选型/样本资料"]),
        ("cd XJ 风机选型/样本资料", "spaced", ["XJ 风机选型/样本资料"]),
        ("cd XJ风机选型/样本资料", "verbatim", ["XJ风机选型/样本资料"]),
        ("/dat/home/XJ风机选型/样本资料", "absent", []),
        ("cd home/ XJ风机选型/样本资料", "absent", []),  # behind the damaged rest of the whole
        ("/data/home。XJ风机选型/样本资料", "absent", []),
        ("/data/home/XJ风机选型/样本 资料", "spaced", ["/data/home/XJ风机选型/样本 资料"]),
    ],
)
def test_a_fragment_never_vouches_for_the_whole_path(output: str, verdict: str, mentions: list[str]) -> None:
    target = Target(PATH, "path", 0, len(PATH), alternates=("XJ风机选型/样本资料",))
    result = check(PATH, output, [target])
    assert result.verdicts == {PATH: verdict}
    assert [mention.text for mention in result.mentions[PATH]] == mentions


@pytest.mark.parametrize(
    ("output", "verdict", "mentions"),
    [
        ("合同在人事/2026/a.pdf", "verbatim", ["合同在人事/2026/a.pdf"]),
        ("放在 人事/2026/a.pdf", "verbatim", ["人事/2026/a.pdf"]),
        ("人事 / 2026/a.pdf", "spaced", ["人事 / 2026/a.pdf"]),
        ("人事目录里的 2026/a.pdf", "verbatim", ["2026/a.pdf"]),
    ],
)
def test_words_before_the_first_folder_hide_no_damage(output: str, verdict: str, mentions: list[str]) -> None:
    result = check("合同在人事/2026/a.pdf", output)
    assert result.verdicts == {"合同在人事/2026/a.pdf": verdict}
    assert [mention.text for mention in result.mentions["合同在人事/2026/a.pdf"]] == mentions


def test_the_pairs_of_a_chain_are_not_counted_beside_it() -> None:
    chain = "北京/上海/广州"
    target = Target(chain, "cjk-pair", 0, 8, alternates=("北京/上海", "上海/广州"))
    assert check(chain, "北京 / 上海 / 广州", [target]).verdicts == {chain: "spaced"}
    assert check(chain, "北京 / 上海", [target]).verdicts == {chain: "spaced"}
    assert len(check(chain, "北京 / 上海 / 广州", [target]).mentions[chain]) == 1


def test_provenance_takes_the_first_letter_in_either_case() -> None:
    target = Target("entry/exit", "unit", 0, 10)
    source = "entry/exit and Entry / exit"
    assert check(source, "by entry / exit", [target]).verdicts == {"entry/exit": "absent"}
    assert check(source, "by entry / exit", ["entry/exit"]).verdicts == {"entry/exit": "spaced"}


@pytest.mark.parametrize(
    ("source", "output", "verdicts"),
    [
        ("see AB-1001 and AB-1002", "AB-1003", {"absent"}),
        ("see AB-1001 and CD-2002", "AB-1003", {"absent", "corrupted"}),
        ("https://x.org/pull/14136 https://x.org/pull/14250", "https://x.org/pull/14137", {"absent"}),
        ("https://x.org/pull/14136", "https://x.org/pull/14137", {"corrupted"}),
        ("needs libgmp3-dev", "needs libgmp4-dev", {"absent"}),
        ("unit LM-2041-B", "unit LM-2047-B", {"corrupted"}),
        ("PNG-1.2.15", "PNG-1.2.9", {"absent"}),
        ("PNG-1.2.15", "PNG-1.2.1S", {"corrupted"}),
        ("at 192.168.0.21", "at 192.168.0.12", {"corrupted"}),
        ("A8.01/3", "A8.02/3", {"corrupted"}),
        ("torch==2.3.1 with torch", "torch==2.3.2", {"corrupted"}),
        ("torch==2.3.1+cu121", "torch==2.3.1+cu211", {"corrupted"}),
        ("page-12.html", "page-13.html", {"absent"}),
        ("use nginx:1.25.3", "use nginx:1.25.4", {"corrupted"}),
        ("part KLM-2204-7-abc", "part KLM-2204-9-abc", {"corrupted"}),
        ("use getUser() of", "getUser<T>() and getUser(() => 1)", {"verbatim"}),
        ("use getUser() of", "use getUser ()", {"spaced"}),
        ("use RenderPass::Shadow()", "use RenderPass.Shadow()", {"altered"}),
        ("the $Name is", "the $name is", {"verbatim"}),
        ("zx-cli and zx-cli@1.9.0", "zx-cli or zx-cli@1.6.0", {"verbatim", "corrupted"}),
        ("kernel-devel-6.8.9-300.fc40", "kernel-devel-6.9.8-300.fc40", {"corrupted"}),
        ("kernel-devel-6.8.9-300.fc40", "kernel-devel-6.8.8-300.fc40", {"absent"}),
        ("order D22+L1Y", "order D22 + L1Y", {"spaced"}),
        ("VLAN 10-20,99", "VLAN 10-20, 99", {"verbatim"}),
        ("note-2024.html", "note-2023.html", {"corrupted"}),
        ("DEP0018 is", "DEP0019 is", {"absent"}),
        ("kernel-devel-6.8.9-300.fc40", "kernel-devel-6.4.9-300.fc40", {"corrupted"}),
        ("page-12.html", "page-72.html", {"corrupted"}),
        ("page-12.html", "page-15.html", {"absent"}),
        ("libxcb-xlib0", "libxcb-xlib", {"absent"}),
        ("host sw-core-03", "host sw-core-3", {"corrupted"}),
        ("account ACC_77120", "account ACC_77,120", {"corrupted"}),
        ("share \\\\srv-01\\data", "share \\srv-01\\data", {"altered"}),
        ("set retry_max=5", "set retry-max=5", {"altered"}),
        ("set retry_max=5", "set other-retry-max=5", {"absent"}),
        ("closes #701519", "closes #700519", {"corrupted"}),
        ("closes #701519", "closes #700519 and #695412", {"absent"}),
        ("closes #701519", "closes #701519, and #695412", {"verbatim"}),
        ("{user} has {n}", "{usuario} tiene {m}", {"corrupted"}),
        ("{user} has {n}", "{map} tiene {map}", {"absent"}),
        ("{Buffer} is", "{boolean}", {"absent"}),
        ("{user} is", "{usuario} es" + 100 * " lungo", {"absent"}),
    ],
)
def test_one_more_of_a_family_is_no_near_miss(source: str, output: str, verdicts: set[str]) -> None:
    assert set(check(source, output).verdicts.values()) == verdicts


def test_a_listed_string_that_lost_its_first_backslash_is_damage() -> None:
    text = r"see \\fs-02\share\notes.md"
    assert set(check(text, text.replace(r"\\", "\\"), [text[4:]]).verdicts.values()) == {"altered"}


# False alarms on flawless texts; `python -m benchmarks.text.precision` counts them on many.

ENGLISH = """The scheduler reads `/etc/acme/jobs.toml` at start-up and again on SIGHUP; the file holds one table
a job, with the keys `run_at`, `max_retries` and `time-out`.

A job runs in its own process, so that a crash in one does not stop the others, and its output goes to a log file of the
same name with the date behind it, such as nightly-2031-05-17.log.

Start up the service with --config if the file is elsewhere. Jobs run at the times that were given, and a job that was
created at noon runs the next day; there are at most 10 to 20 a day.

A max of five retries is enough for most. In/out and read or write rates are shown in MB/s, and a time out is an error
that ends the job; see the log for 2031 in the folder of the service."""
CHINESE = """调度程序启动时读取 /etc/acme/任务配置.toml，收到信号后会重新读取一次。
配置文件中每个任务对应一张表，表里可以写入口/出口的名称、运行时间、重试次数和超时时间，
未写的键取默认值，不会报错。
时间写作 24 小时制。

每个任务都在独立的进程里运行，一个任务崩溃不会影响其他任务。
输出写入同名的日志文件，文件名里带有日期，例如 夜间任务-2031-05-17.log，
保留 30 天后自动删除，也可以改用 --keep-days 指定天数，最少为一天。

入口、出口的名称可以使用中文。
服务启动后可以用命令查看任务的状态，状态有等待、运行、完成、失败四种；
失败的任务会按照设定的次数重试，超过次数后发送邮件通知管理员，并把错误写进日志，
以便日后排查。

使用 TCP 或 UDP 连接时，请先检查防火墙的设置。
2031 年 5 月之后的版本默认开启加密，旧版本的客户端需要升级才能连接；
升级前请备份配置文件和日志，
升级后再核对一遍各项任务的运行时间是否正确。"""


def test_texts_without_damage_raise_no_alarm() -> None:
    alarms = count(halves([("scheduler", ENGLISH), ("调度", CHINESE)]))
    assert (alarms.texts, alarms.flagged, alarms.changed) == (2, 0, 0), alarms.examples


def test_an_alarm_is_counted_by_code_and_kind() -> None:
    damaged = ENGLISH.replace("In/out", "/etc/acme / jobs.toml: in/out")
    alarms = count(halves([("scheduler", damaged)]))
    assert (alarms.flagged, alarms.changed, dict(alarms.kinds)) == (1, 1, {"path": 1})
    assert set(alarms.codes) == {"space-left", "space-right"}
    assert "1 of 1 texts flagged, 1 changed by repair" in report("sample", alarms)


def test_manual_pages_are_read_without_their_macros(tmp_path: Path) -> None:
    (tmp_path / "acme.1").write_text(".SH NAME\nacme \\- runs \\fBjobs\\fR\n", encoding="utf-8")
    assert list(files(tmp_path)) == [("acme.1", " NAME\nacme - runs jobs\n")]


def test_an_empty_target_is_absent_beside_others_and_their_alternates() -> None:
    whole = Target("入口/出口/通道", "cjk-pair", alternates=("入口/出口",))
    assert check("", "入口/出口/通道，入口/出口。", ["", whole]).verdicts == {"": "absent", whole.text: "verbatim"}
    assert check("", "A-1, A-1", ["A-1", ""]).verdicts == {"A-1": "verbatim", "": "absent"}


@pytest.mark.parametrize("source", ["写成-或÷，", "Zeta电位-23.5mV，", "Ra≥95"])
def test_a_conjunction_a_negative_number_or_a_comparison_makes_no_target(source: str) -> None:
    assert extract_targets(source) == ()


def test_han_behind_an_underscore_belongs_to_its_token() -> None:
    found = [one.text for one in extract_targets("与原理图SCH_主控板-RevC不一致，成本中心CC_研发二部-AI，")]
    assert found == ["SCH_主控板-RevC", "CC_研发二部-AI"]


def test_a_sum_that_the_answer_works_out_is_not_a_mention_of_its_number() -> None:
    assert check("The ratio is 12/4 at peak.", "We get 12 / 4 = 3 here.").verdicts == {"12/4": "absent"}
    assert check("The ratio is 12/4 at peak.", "We get 12 / 4 here.").verdicts == {"12/4": "spaced"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("/dev/sdb1挂到/mnt/data。", "/dev/sdb1|/mnt/data"),
        ("将/dev/sda1挂载至/home/data盘", "/dev/sda1|/home/data"),
        ("软链/usr/bin/python3指向/usr/local/bin/python3.11", "/usr/bin/python3|/usr/local/bin/python3.11"),
        ("/srv/v2签到/记录", "/srv/v2签到/记录"),
        ("产品A款/黑色/XL库存不足,SKU待定", "A款/黑色/XL"),
        ("早市周二-周六开放,免费", "周二-周六"),
    ],
)
def test_two_paths_are_two_and_a_comma_of_ascii_ends_a_sentence_too(source: str, expected: str) -> None:
    assert "|".join(one.text for one in extract_targets(source)) == expected


def test_a_text_that_is_one_token_is_not_kept_once_for_each_mention() -> None:
    source, output = "A/B/C；UTF-8", "a.b/c?" * 2_000
    tracemalloc.start()
    try:
        assert "altered" not in check(source, output).verdicts.values()
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text", ["--a=" * 4_000, "-ab=" * 4_000, "--a=b/" * 3_000, "AB='--c=" * 3_000, "f(--a=" * 3_000]
)
def test_options_in_options_have_an_end(text: str) -> None:
    assert all(one.text in text for one in extract_targets(text))

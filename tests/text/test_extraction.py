"""What is found in a prompt, where, of which kind, and how sure its edges are."""

import pytest

from harness.text import check, extract_targets, repair
from harness.text.sides import seams
from harness.text.targets import KINDS, LENIENT_KINDS, STRICT_KINDS, Target, kind_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://example.org/a-b", "url"),
        ("www.example.org/a", "url"),
        ("2024-05-01", "date"),
        ("3〜5", "range"),
        ("12个月/常温", "cjk-pair"),
        ("北京-东京-大阪", "cjk-pair"),
        ("2024/5/1", "date"),
        ("2024-05-01T10:00:00Z", "date"),
        ("31/12/2024", "date"),
        ("12-31-99", "date"),
        ("2024-13-01", "number"),
        ("7732-18-5", "cas"),
        ("GB/T", "standard"),
        ("GB/T 50081-2019", "standard"),
        (60 * "5l/" + "_", "path"),  # read in one way only: two ways for each part would never end
        ("ISO/IEC 27001-2", "standard"),
        ("EN-1090", "standard"),
        ("text/html", "mime"),
        ("application/vnd.api+json", "mime"),
        ("10.0.0.0/8", "cidr"),
        ("fe80::/10", "cidr"),
        ("km/h", "unit"),
        ("kg/day", "unit"),
        ("元/年", "unit"),
        ("5 mg/mL", "unit"),
        ("W/m²", "unit"),
        ("/usr/local", "path"),
        ("./a-b", "path"),
        ("C:/a/b", "path"),
        ("C:\\Users\\demo\\桌面", "path"),
        ("src/a/b", "path"),
        ("a-b.tar.gz", "file"),
        ("附图7.png", "file"),
        ("10-20", "range"),
        ("10:00-12:30", "time"),
        ("3kg-5kg", "range"),
        ("24/7", "number"),
        ("+86-10-1234", "phone"),
        ("Mon - Fri", "spaced"),
        ("入口 / 出口", "spaced"),
        ("入口/出口", "cjk-pair"),
        ("東京/大阪/京都", "cjk-pair"),
        ("TCP/协议", "code"),
        ("Sikalastic-609", "code"),
        ("F/A-18", "code"),
        ("TCP/IP", "name"),
        ("N/A", "name"),
        ("A/B", "name"),
        ("24/7/365", "number"),
        ("10.4.2/3:7", "code"),
        ("1.240,50€/Jahr", "unit"),
        ("20mEq/100mL", "unit"),
        ("600/300Mbps", "unit"),
        ("14C/D", "code"),
        ("21K-0099", "code"),
        ("5k-10k", "range"),
        ("7712-02", "code"),
        ("00-5412.8", "code"),
        ("240.10b-5(b)", "code"),
        ("arXiv:2305.10403v3", "code"),
        ("0.5-1.5", "range"),
        ("nginx:1.25.3", "code"),
        ("localhost:8080", "identifier"),
        ("2.5e-38", "number"),
        ("5-02", "range"),
        ("s3.Object", "identifier"),
        ("4-2-3-1", "number"),
        ("5000-01-220", "code"),
        ("673419-358866", "code"),
        ("358866-673419", "range"),
        ("156600-4", "code"),
        ("1000-0077", "code"),
        ("08-12", "range"),
        ("a-b@c-d.org", "email"),
        ("Port-au-Prince", "name"),
        ("--dry-run", "option"),
        ("{name}", "placeholder"),
        ("%(n)s", "placeholder"),
        ("user_name", "identifier"),
        ("v1.2.3", "version"),
        ("5d0e7a11-0ab7-4339-a006-72d6369dae63", "uuid"),
        ("deadbeef01", "hash"),
    ],
)
def test_a_target_comes_with_its_kind(text: str, kind: str) -> None:
    assert kind_of(text) == kind
    assert kind in KINDS


def test_every_kind_is_judged_strictly_or_leniently() -> None:
    assert set(KINDS) == STRICT_KINDS | LENIENT_KINDS
    assert not STRICT_KINDS & LENIENT_KINDS


def test_places_are_those_of_the_message_that_holds_the_target() -> None:
    found = extract_targets(["Use A-1.", "Then B/2 and A-1."])
    assert found == (Target("A-1", "code", 4, 7), Target("B/2", "code", 5, 8))


def test_no_target_crosses_two_messages() -> None:
    assert extract_targets(["TCP/", "IP"]) == ()
    assert [one.text for one in extract_targets(["GB/T", "50081-2019"])] == ["GB/T", "50081-2019"]


@pytest.mark.parametrize(
    ("source", "text", "open_left", "open_right"),
    [
        ("请看水吧台/岛台区域图。", "水吧台/岛台", False, True),
        ("接口/api/order/list报错", "/api/order/list", True, True),
        ("错误码-1001", "-1001", True, False),
        ("读取验收单2024.xlsx", "验收单2024.xlsx", False, False),
        ("读取 /data/home/XJ风机选型/样本资料", "/data/home/XJ风机选型/样本资料", False, False),
        ("读取“报告 2024-终稿.md”", "报告 2024-终稿.md", False, False),
        ("掌握TCP/IP协议栈", "TCP/IP", True, True),
        ("处理SOP见运维手册V3.2.pdf", "运维手册V3.2.pdf", False, False),
        ("控制价文件招标控制价2.pdf", "招标控制价2.pdf", False, False),
        ("use TCP/IP here", "TCP/IP", False, False),
    ],
)
def test_an_edge_at_a_run_of_han_is_uncertain(source: str, text: str, open_left: bool, open_right: bool) -> None:
    (found,) = extract_targets(source)
    assert (found.text, found.open_left, found.open_right) == (text, open_left, open_right)
    assert source[found.start : found.end] == text


@pytest.mark.parametrize(
    ("source", "alternates"),
    [
        ("北京/上海/广州", ("北京/上海", "上海/广州")),
        ("/srv/app/web-ui/main.py", ("web-ui/main.py",)),
        ("TCP/IP", ()),
        ("GPU_IDS=0,1", ("GPU_IDS", "0,1")),
        ("docs/a.md#install", ("docs/a.md",)),
        ("model.fit()", ("model.fit",)),
        ("--log-level=very-high", ("very-high",)),
        ("--log-file=LOG_FILE", ()),
    ],
)
def test_shorter_strings_are_protected_with_a_long_one(source: str, alternates: tuple[str, ...]) -> None:
    (found,) = extract_targets(source)
    assert found.alternates == alternates


def test_the_same_run_is_read_again_between_other_neighbours() -> None:
    assert [one.text for one in extract_targets("7-2=5 and 7-2, 进/出 and “进/出”")] == ["7-2", "进/出"]


@pytest.mark.parametrize(
    "source",
    [
        "- one\n- two",
        "a\n---\nb",
        "| a | b |\n|---|:-:|\n| c | d |",
        "5 - 3 = 2, x - y, 5-3=2 and 10/2 = 5",
        "It was - as he said - over; and--well--done.",
        "Erd- und Freileitung, BSKA- SHOG",
        "是 进/出 吗",
        "正常\\--opt",  # an escaped sign begins no mention
        "",
    ],
)
def test_what_is_not_worth_protecting_is_left(source: str) -> None:
    assert extract_targets(source) == ()


@pytest.mark.parametrize(
    ("source", "option"),
    [("run tool --dry-run -v -- now", "--dry-run"), ("使用--model-name参数", "--model-name")],
)
def test_an_option_is_a_target(source: str, option: str) -> None:
    assert [(one.text, one.kind) for one in extract_targets(source)] == [(option, "option")]


def test_a_long_run_is_cut_at_the_stop_before_it_however_far() -> None:
    word = "w" * 5000
    assert [one.text for one in extract_targets(f"see ({word}-1) and x")] == [f"{word}-1"]


# The decisions of docs/extraction.md about `extract_targets`, one example a line.


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("TCP/IP和CR-V", "TCP/IP|CR-V"),
        ("，FM-103.9/立体声。地点 8F-海棠厅，", "FM-103.9/立体声|8F-海棠厅"),
        ("写法是“白日依山尽 / 黄河入海流”。", "白日依山尽 / 黄河入海流"),
        ("请看 评审记录/PX产品验证清单 的内容", "评审记录/PX产品验证清单"),
        ("时间格式%Y/%m/%d，use %Y-%m-%d %H:%M:%S or %s-%d", "%Y/%m/%d|%Y-%m-%d|%H:%M:%S|%s-%d"),
        ("噪音多少dB(A)？", "dB(A)"),
        ("北京/上海/广州", "北京/上海/广州"),  # second edition: the pairs of a chain are alternates
        ("去北京站/上海/广州站", "北京站/上海/广州"),
        ("北京/上海/广州/深圳", "北京/上海/广州/深圳"),
        ("见 甲/乙丙/丁戊", "甲/乙丙/丁戊"),
        ("A/B/甲乙/丙丁", "A/B/甲乙/丙丁"),
        # what a field is called, and what a sentence says of a pair, are not part of it
        ("，路由深圳-广州-武汉，评分商务/技术/价格=30", "深圳-广州-武汉|商务/技术/价格"),
        ("，患者心率/血压正常，麻醉全麻/腰麻待定", "心率/血压|全麻/腰麻"),
        ("，比例配偶/子女各半，U8模块库存核算/存货核算", "配偶/子女|库存核算/存货核算"),
        ("，要米白色/1.8m床，不要深灰/1.5m", "米白色/1.8m|深灰/1.5m"),
        ("列车在杭州东/上海虹桥的，BOM/工艺路线未审核", "杭州东/上海|BOM/工艺"),
        ("，订单管理/库存管理，萃取用乙酸乙酯/石油醚", "管理/库存管理|酸乙酯/石油醚"),
        ("，案由买卖合同纠纷/保证合同纠纷，提到民法典-侵权责任编", "纠纷/保证|民法典-侵权"),
        # two tokens that Han without blanks joins
        ("，胰岛素-甘精10U/晚，OP-30/铣削节拍45s/件", "岛素-甘精|10U/晚|OP-30/铣削|45s/件"),
        ("K15+200-K18+350区段限速80km/h", "K15+200-K18+350|80km/h"),
        ("，京沪线/上行线K1023+450处限速160km/h", "京沪线/上行线|K1023+450|160km/h"),
        ("张江路88-3号B座/1502，店铺TX-2231/黑/XL缺货", "88-3号|B座/1502|TX-2231/黑/XL"),
        ("10.2.3-A的BOM/工艺和可用区B-1的网关ngw-bp1-x8", "10.2.3-A|BOM/工艺|B-1|ngw-bp1-x8"),
        ("请把起诉状-张某.docx和证据目录(2024).xlsx合并", "起诉状-张某.docx|证据目录(2024).xlsx"),
        ("，处理SOP见运维手册V3.2-附录B.pdf", "运维手册V3.2-附录B.pdf"),
        ("，公告文件运行图调整-0615.pdf", "运行图调整-0615.pdf"),
        ("，加班费/年休假的计算依据见京人社发〔2019〕88号", "加班费/年休假|京人社发〔2019〕88号"),
        ("，修改主页标题/卖点，CC-1001/行政部不匹配", "标题/卖点|CC-1001/行政部"),
        ("今日沪深300/中证1000成交，将阿司匹林/氯吡格雷改为", "沪深300/中证1000|阿司匹林/氯吡格雷"),
        (
            "采用综合评分法/最低价法，见https://m.example.com/618-主会场。",
            "评分法/最低价法|https://m.example.com/618-主会场",
        ),
        (
            "see ./docs/quick-start.md#install and jane.o'neil@agency.gov",
            "./docs/quick-start.md#install|jane.o'neil@agency.gov",
        ),
        ("请审核协议-v4.2（清洁版）.docx，记录在三级修-作业卡.xlsx", "协议-v4.2（清洁版）.docx|三级修-作业卡.xlsx"),
        ("基差-12.4/+3.8", "-12.4/+3.8"),
        (
            'CFLAGS="-O2 -g" lib/libacme.so.1.2 :white_check_mark: ${{ secrets.TOKEN }}',
            'CFLAGS="-O2 -g"|lib/libacme.so.1.2|:white_check_mark:|${{ secrets.TOKEN }}',
        ),
        ("G7001/G7004次列车，处理人电务/工务，乙酸酐/吡啶反应", "G7001/G7004|电务/工务|乙酸酐/吡啶"),
        (
            "从D:\\项目\\附件 二\\方案.docx复制到\\\\fs01\\共享\\终稿",
            "D:\\项目\\附件 二\\方案.docx|\\\\fs01\\共享\\终稿",
        ),
        ("bump @acme/ui-kit@1.4.0-rc.1", "@acme/ui-kit@1.4.0-rc.1"),
        ("，期权10006543-购6月，圣遗物攻击力/暴击率双词条", "10006543-购6月|攻击力/暴击率"),
        ("提到民法典-侵权责任编AB1，考点实验中学/东区，AB-C# ", "民法典-侵权|中学/东区|AB-C"),
        # a path says where it begins
        (
            "卷宗在D:\\卷宗\\2024民终118\\笔录.docx，存档~/.local/存档-01.sav",
            "D:\\卷宗\\2024民终118\\笔录.docx|~/.local/存档-01.sav",
        ),
        ("，控制价文件招标控制价（终稿）.pdf，命名2020114-张三.docx", "招标控制价（终稿）.pdf|2020114-张三.docx"),
        ("技术参数见附件3-技术规格书.docx", "附件3-技术规格书.docx"),
        ("copy \\\\nas-02\\Q3 Footage\\raw-1.mov to x", "\\\\nas-02\\Q3 Footage\\raw-1.mov"),
        (
            "链接https://a.example.com/r?k=春节，见https://a.example.com/会场 里",
            "https://a.example.com/r?k=春节|https://a.example.com/会场",
        ),
        ('href="/docs/setup.html" .DS_Store', "/docs/setup.html|.DS_Store"),
        ("-v $PWD:/app -v /mnt/pvc-01:/data:ro", "$PWD:/app|/mnt/pvc-01:/data:ro"),
        ("on rel/** and src/**/*.py or *.example.cn.pem", "rel/**|src/**/*.py|*.example.cn.pem"),
        # calls, variables, numbers that show what they are
        ("call model.fit() or print()，调用getUserInfo()时 传getId()", "model.fit()|getUserInfo()|getId()"),
        ('export CUDA_VISIBLE_DEVICES=0,1, OPTS_X="-a -b"', 'CUDA_VISIBLE_DEVICES=0,1|OPTS_X="-a -b"'),
        ("to DE89 3704 0044 0532 0130 00, or (020) 7946-0999", "DE89 3704 0044 0532 0130 00|(020) 7946-0999"),
        ("spread +45/-12, R/W# low, O'Neil-Hart, don't", "+45/-12|R/W#|O'Neil-Hart"),
        (
            "2-(4-isobutylphenyl)propanoic N,N'-dicyclohexyl 12(b)-(d)",
            "2-(4-isobutylphenyl)propanoic|N,N'-dicyclohexyl|12(b)-(d)",
        ),
        ("东/西/南", ""),
        ("“东/西/南”", "东/西/南"),
        ("“东/西", ""),
        ("东/西”", ""),
        ("x“东/西x”", "东/西x"),  # second edition: a quoted token is one target
        ("进/出口", "进/出口"),
        ("报告X版终稿.md，A-1", "报告X版终稿.md|A-1"),  # second edition: a file is a target, symbol or not
        ("Xen / Yam, Yam / Xen", "Xen / Yam|Yam / Xen"),
        ("甲乙 - 丙", "甲乙 - 丙"),
        ("甲乙 / 丙丁A / B2", "甲乙 / 丙丁|A / B2"),
        ("A2 / B2 / C2 and D2 / E2", "A2 / B2 / C2|D2 / E2"),
        ("well, - then Mon - Fri", "Mon - Fri"),
        ("Malcolm X Day, A-1", "A-1"),
        (" - Mon ", ""),
        ("Mon - ", ""),
        ("Mon\n - Fri", ""),
        ("End. - Then", ""),
        ("X.2 - C3", "X.2 - C3"),
        ("as A-1 or as A-1 or as A-1 or", "A-1"),
        (
            "，去甲乙丙/丁戊己吧" * 4,
            "甲乙丙/丁戊己",
        ),  # a side of four whose mate is shorter may be a word and its neighbour
        ("a/b, my-docs/", "my-docs/"),  # second edition: a token between blanks is one target as a whole
        ("co-op- and", "co-op"),
        ("40-85℃", "40-85"),  # second edition: a degree sign is written with and without a blank
        ("5-6㏿，5-6㌀", "5-6㏿|5-6㌀"),
        ("☀A-1", "A-1"),
        ("👩\u200d🔧A-1👩\u200d🔧", "A-1"),
        ("👍🏽A-1⚠️", "A-1"),
        ("+/+", ""),
        ("a-* b", ""),
        ("use -a-1 or 9a-1 or", "-a-1|9a-1"),  # second edition: options are targets
        ("see 5-3 = y, see 5-3 or", "5-3"),
        ("5-3=2.0", ""),
        ("5-3 ≈ 2", ""),
        ("-Ä/ö", "Ä/ö"),
        ("-4/85", "-4/85"),
        ("open ~/x-y or ~x-z", "~/x-y|x-z"),
        ("按照国发〔2024〕12号和沪建标定〔2023〕526号", "国发〔2024〕12号|沪建标定〔2023〕526号"),
        ("见（2021）京0105民初12345号判决", "（2021）京0105民初12345号"),
        ("产证号 沪(2023)浦字不动产权第012345号", "沪(2023)浦字不动产权第012345号"),
        ("产证号 沪(2023)浦字不动产权第012345号/附1", "沪(2023)浦字不动产权第012345号/附1"),
        ("权证粤(2025)深不动产0187-26/附3 ，浙(2026)年3月完成", "粤(2025)深不动产0187-26/附3"),
        ("读《人工智能——一种现代方法》和《红楼梦》", "人工智能——一种现代方法"),
        ("numpy>=1.24,<2.0, ^18.17.0 and p<0.05", "numpy>=1.24,<2.0|^18.17.0"),
        (r"$\frac{a^2}{b}$ or \frac{a}{b} for $x_1$, $5 and $6", r"$\frac{a^2}{b}$|\frac{a}{b}|$x_1$"),
        ("echo $MY_DIR/$SUB", "$MY_DIR/|$SUB"),
        ("求$2x^2-5x$的值", "$2x^2-5x$"),
        ("表格TJ4-1-8存为砌体检验批 - 3层.xlsx", "TJ4-1-8|砌体检验批 - 3层.xlsx"),
        ("确认京开管发〔2023〕8号，YS-02-01/第3批", "京开管发〔2023〕8号|YS-02-01/第3批"),
        ("分区dt=2024-03-12/hr=08", "dt=2024-03-12/hr=08"),
        (
            "#incident-0412 和CNC-3#，## a-b",
            "#incident-0412|CNC-3#|a-b",
        ),
        ("打开 报告 2024 版 - 终稿.md 和 会议纪要 3-12.docx", "报告 2024 版 - 终稿.md|会议纪要 3-12.docx"),
        ("Please open Q3 Report - Final (2).docx now", "Q3 Report - Final (2).docx"),
        ("see step 2 and main.py", "main.py"),
        (
            "C:\\Program Files\\Acme\\a.ini and C:\\tmp to \\\\nas\\x",
            "C:\\Program Files\\Acme\\a.ini|C:\\tmp|\\\\nas\\x",
        ),
        ("cat /data/My\\ Docs/a.txt b.txt", "/data/My\\ Docs/a.txt|b.txt"),
        ("clause 7.2(b)(iii), pcDNA3.1(+), 5'-ATG-3'", "7.2(b)(iii)|pcDNA3.1(+)|5'-ATG-3'"),
        ("品种郑单958/先玉335，订单管理/库存管理，酒店亚朵-虹桥店", "郑单958/先玉335|管理/库存管理|亚朵-虹桥"),
        ("客厅吊顶用铝扣板/石膏板对比", "铝扣板/石膏板"),
        ("資工-3021/B，记-0148，错误码-1001", "資工-3021/B|记-0148|-1001"),
        ("ALM-26529_射频单元驻波", "ALM-26529_射频单元驻波"),
        (
            "工具tGripper_大，坐标wobj_托盘A；信号DI_夹紧到位、CC_研发二部-AI",
            "tGripper_大|wobj_托盘A|DI_夹紧到位|CC_研发二部-AI",
        ),
        ("配方RCP_M1_乾蝕刻v5，状态RCP_已完成的单，레시피 RCP_산화막_v7", "RCP_M1_乾蝕刻v5|RCP_已完成|RCP_산화막_v7"),
        ("主机srv-财务02被植入，跑XX-测试3次，in/2024-1107_甲", "srv-财务02|XX-测试|in/2024-1107_甲"),
        (
            "打开图纸(1)-修订.dwg，合同（甲方）_签字版.pdf已归档，见 岩心/ZK1203-4/第05箱.JPG",
            "图纸(1)-修订.dwg|合同（甲方）_签字版.pdf|岩心/ZK1203-4/第05箱.JPG",
        ),
        ("网管导出文件eNB_告警_1107.csv，成果汇编设计院/2024/终稿.pdf", "eNB_告警_1107.csv|汇编设计院/2024/终稿.pdf"),
        ("冷冻-18℃保存，库温-25至-18℃，增长-5%", "-18"),
        ("{time}发布暴雨-黄色预警：", "{time}|暴雨-黄色"),
        (
            "双十一-老客召回-A组，打折3-5折，CVD-12/챔버C 레시피, 1층-5번",
            "双十一-老客召回-A组|3-5折|CVD-12/챔버C|1층-5번",
        ),
        ("集群宝安-集散B区，图号ZT-0921_B版，srv-财务02被", "宝安-集散B区|ZT-0921_B版|srv-财务02"),
        ("人教版八上-第3单元，22:00-次日6:00停工，25MHz±20ppm/负载12pF", "上-第3单元|22:00-次日|6:00|25MHz±20ppm/负载"),
        ("羽绒服2024新款-加厚，司机阿强/车牌VX-8821，列tax_税率が原因", "新款-加厚|阿强/车牌|VX-8821|tax_税率"),
        ("清理脚本/opt/运维/日志.sh，按0.05%/日计，정가 459,000원/대, ", "/opt/运维/日志.sh|0.05%/日|459,000원/대"),
        (
            "共__count__件",
            "__count__",
        ),
        (
            "（工单-1024）与“龙鳞X7”，返回值-1时，FY-稳健90天-A款。",
            "工单-1024|龙鳞X7|返回值-1|FY-稳健90天-A款",
        ),
        ("模板{客户姓名}和{顧客名}，ロットNo.OD-118/再版", "{客户姓名}|{顧客名}|OD-118/再版"),
        ("run名qwen-7b-客服sft_v4，v3.12.0-핫픽스1", "qwen-7b-客服sft_v4|v3.12.0-핫픽스1"),
        ("主图-01@2x.jpg，見積書_24-0087.xlsx", "主图-01@2x.jpg|見積書_24-0087.xlsx"),
        ("--per_device_batch 4", "--per_device_batch"),
        (
            "notes-1.md，报告2024版-终稿.md",
            "notes-1.md|报告2024版-终稿.md",
        ),  # second edition: a fragment never vouches for the whole
        ("A-1,B-2;C-3|D-4", "A-1|B-2|C-3|D-4"),
        ("1,000-2,000", "1,000-2,000"),
        ("**A-1**, *B-2*, ~~C-3~~ and `D-4`", "A-1|B-2|C-3|D-4"),
        ("🙂TCP/IP🙂", "TCP/IP"),
        ("see docs/api/ and docs/", "docs/api/"),
        ("GB/T 50081-2019", "GB/T 50081-2019"),
        ("GB/T  50081-2019", "GB/T|50081-2019"),
        ("ו-8 א-7", "ו-8|א-7"),
        ("tool --dry-run -v-1 A-1", "--dry-run|-v-1|A-1"),  # second edition: options are targets
        ("使用--dry-run", "--dry-run"),
        ("用--dry-run", "--dry-run"),
        ("-40/85 and -5", "-40/85"),
        ("word--word", ""),
        ("a-b--c", "a-b--c"),
        ("https://x", "https://x"),
        ("5-3=2, 5-3 = 2, 2*5-3, x-1=y", ""),
        ("ratio = 3/4, 甲醇/水=60/40", "3/4|甲醇/水|60/40"),
        ("**7-2**", "7-2"),
        ("pages 10-20", "10-20"),
        ("= 5-3", ""),
        ("Mon - Fri", "Mon - Fri"),
        ("A - B - C", "A - B - C"),
        ("x - y", ""),
        ("came - and went", ""),
        ("read / write", "read / write"),
        ("12 / 4", ""),
        ("12 - Mon", ""),
        ("9:00 - 17:00", "9:00 - 17:00"),
        ("well, - Then", ""),
        ("Mon -\nFri", ""),
        ("Mon\n- Fri", ""),
        ("请到入口 / 出口大厅", "入口 / 出口"),  # second edition: verbs are cut off; the nearest two of a long side
        ("Mon -  Fri.", "Mon -  Fri"),
        ("(Mon - Fri)", "Mon - Fri"),
        # what people do with things, and small words, are not part of a pair, unless its sides are of one length
        ("请购买雨伞/雨衣，采购部门/财务部门", "雨伞/雨衣|采购部门/财务部门"),
        ("设计师说玄关/壁龛用同一种地砖", "玄关/壁龛"),
        ("，无人机/无机，有/无，给水管/排水", "人机/无机|水管/排水"),
        ("请带雨伞/雨衣，处理人电务/工务", "带雨伞/雨衣|电务/工务"),
        ("出差报销上海-杭州-上海，另写一份安全/环保交底", "上海-杭州-上海|安全/环保"),
        ("，焊缝等级一级/二级，给出三步/五步", "一级/二级|出三步/五步"),
        ("，过敏史青霉素-皮试，甲方某某/集团与乙方", "霉素-皮试|某某/集团"),
        ("台中/高雄据点的，某某女款/M码的袖口", "台中/高雄|女款/M码"),
        ("KX-200/改の図面を東京/大阪倉庫で", "KX-200/改|東京/大阪"),
        ("ZR-11/αとβ-7の在庫", "ZR-11/α|β-7"),
        ("改到7月3日-9日放假", "7月3日-9日"),
        ("拉取feature/订单-导出之后再跑", "feature/订单-导出"),
        # one path or file is not two, and not the words between them
        ("把src/评审/旧.md改名成src/评审/新.md", "src/评审/旧.md|src/评审/新.md"),
        (
            "下载https://files.example.cn/手册/XR-9_说明.pdf后对照A/B/C",
            "https://files.example.cn/手册/XR-9_说明.pdf|A/B/C",
        ),
        ("编号HT-2026(采)-118，案号(2026)京0105民初-3321号", "HT-2026(采)-118|(2026)京0105民初-3321号"),
        ("冲突文件是src/pay/状态机.ts", "src/pay/状态机.ts"),
        ("意见反馈/a.pdf，行为规范/b.pdf", "意见反馈/a.pdf|行为规范/b.pdf"),
        ("引用法释〔2020〕17号-第3条", "法释〔2020〕17号-第3条"),
        ("赔偿医疗费/误工费，综合评分法/最低价法", "医疗费/误工费|评分法/最低价"),
        ("按CJJ/T 29-2010中对明沟/暗沟的要求", "CJJ/T 29-2010|明沟/暗沟"),
        ("住3-2-1402室，第2-3章", "3-2-1402|2-3章"),
        ("，港口宁波-汉堡，赠品定制-帆布袋，支持横屏/竖屏", "宁波-汉堡|定制-帆布袋|横屏/竖屏"),
        ("猫三联/狂犬疫苗，需Wi-Fi/蓝牙权限，穿园服/运动鞋", "猫三联/狂犬|Wi-Fi/蓝牙|园服/运动"),
        ("乙肝两对半/丙肝抗体结果未回，酸菜鱼-黑鱼各一份", "对半/丙肝|菜鱼-黑鱼"),
        ("镀锌/烤漆货架2000*600-4层，共1,204条/天，设备台账里空压机-03", "镀锌/烤漆|2000*600-4层|1,204条/天|空压机-03"),
        ("，品种郑麦-379", "郑麦-379"),
        ("更新发布说明/12.md", "发布说明/12.md"),
        ("更新说明/12.md，邻里/公里", "更新说明/12.md|邻里/公里"),
        ("白班/夜班产能420件/班，iPhone-15/国行换屏680元/片", "白班/夜班|420件/班|iPhone-15/国行|680元/片"),
        ("料号P-7733-左与P-7733-右成对，饭前/饭后服", "P-7733-左|P-7733-右成|饭前/饭后"),
        ("用ffmpeg把素材-原片.mov转成，放北门-驿站也可以", "素材-原片.mov|北门-驿站"),
        ("违约金/利息按LPR-1年期四倍计，买家反馈羽绒服/女款/M码的", "违约金/利息|LPR-1|羽绒服/女款/M码"),
        ("，住宅/公寓，住古城/洱海，买卖/租赁，放大镜/三脚架", "住宅/公寓|古城/洱海|买卖/租赁|放大镜/三脚架"),
        ("，口径含税/不含税别混，付费/非付费用户", "含税/不含税|付费/非付"),
        ("目的港鹿特丹/安特卫普，责任机修/电工两班，年假/调休能不能", "港鹿特丹/安特卫|机修/电工|年假/调休"),
        ("系统里选事假-带薪还是其他/特批，例如李雷-00817", "选事假-带薪|其他/特批|李雷-00817"),
        ("i18n/zh-CN.json", "i18n/zh-CN.json"),
        ("45#钢-Φ60圆钢2吨/月，仓位油封-TC45×62×8还有37个/箱", "45#钢-Φ60|2吨/月|油封-TC45×62×8|37个/箱"),
        ("型号PB-J16/白不得改，楼层-1F/1F/2F导视", "PB-J16/白|-1F/1F/2F"),
        ("座位05车-12F，乘车人", "05车-12F"),
        ("回滚到备份-1202.sql，改一下src/hooks/用户-权限.ts", "备份-1202.sql|src/hooks/用户-权限.ts"),
        ("%(order-id)s in § 12-3(b)/(c) the", "%(order-id)s|12-3(b)/(c)"),
        ("GET page=2&size=20&sort=-created_at now", "page=2&size=20&sort=-created_at"),
        ("{date}_report_{id}.csv of {name}", "{date}_report_{id}.csv|{name}"),
        ("write <name>.log and app-<version>.jar, <user>@<host>", "<name>.log|app-<version>.jar|<user>@<host>"),
        ("<b>bold</b> and <br> x a<b", ""),
        ('bolt 1/2"-13 and 3/4"-16UNF of 24" x', '1/2"-13|3/4"-16UNF'),
        ("=SUM(A1:B2) or VLOOKUP(A2,Sheet1!B:C,2,0)", "=SUM(A1:B2)|VLOOKUP(A2,Sheet1!B:C,2,0)"),
        ("ALT(SGPT) and COD(mg/L), text[1] and [a](b-c)", "mg/L|b-c"),
        ('AT+CGDCONT=1,"IP","cmnet" ok', 'AT+CGDCONT=1,"IP","cmnet"'),
        ('//div[@class="x-y"]/span, // see a-b', '//div[@class="x-y"]/span|a-b'),
        ('df["col_a"].iloc[0] and arr_x[0], data[7:0]', 'df["col_a"].iloc[0]|arr_x[0]|data[7:0]'),
        ("price 12,50/kg, 0,1mmol/kg, 99,5-99,9%, (1,2)", "12,50/kg|0,1mmol/kg|99,5-99,9%"),
        ("1,2-дихлорэтан", "1,2-дихлорэтан"),
        ("GET /api/v1/orders?status=open&page=2.", "/api/v1/orders?status=open&page=2"),
        ("GET /api/jw/score?xh={xh}&xq=2024-2，返回", "/api/jw/score?xh={xh}&xq=2024-2"),
        ("is it in /srv/data? yes=no", "/srv/data"),
        ("mail bounce+id=42@x.org and to=a-b@x.org", "bounce+id=42@x.org|a-b@x.org"),
        ("user d'Arcy_2, it's so", "d'Arcy_2"),
        ("=IFERROR(INDEX('Q1'!$C:$C,MATCH($A2,B:B,0)),0) in B", "=IFERROR(INDEX('Q1'!$C:$C,MATCH($A2,B:B,0)),0)"),
        ("feat(core-ui): add it", "feat(core-ui)"),
        ("require('node:url') of URL('https://a-b.org'), open('a-1.pem')", "node:url|https://a-b.org|a-1.pem"),
        ("Only <strong>{seatsLeft}</strong>", "{seatsLeft}"),
        ("npm run build:prod, color:red", "build:prod"),
        ("VLAN 10-20,99 and 3,4, 1,000-2,000", "10-20,99|1,000-2,000"),
        ("prices in €/set, $12/mo", "€/set|$12/mo"),
        (
            "run tests/a_b.py::TestX::test_y and RenderPass::Shadow()",
            "tests/a_b.py::TestX::test_y|RenderPass::Shadow()",
        ),
        ("Platte GKBI-12,5 nach, AB-1,2", "GKBI-12,5|AB-1"),
        ("ČSN EN 10025-2, ГОСТ 2.307-2011", "EN 10025-2|ГОСТ 2.307-2011"),
        ("at 54°12'N, %1$s/%2$s, <color=#FFAA00>", "54°12'N|%1$s/%2$s|<color=#FFAA00>"),
        ("M32R, B1S2, 5F07, rs113993960; MP3, H2O, RTX4090", "M32R|B1S2|5F07|rs113993960|RTX4090"),
        ("907323-0 / seal ML-CN44", "907323-0|ML-CN44"),
        ("NODE_OPTIONS=--max-old-space-size=4096", "NODE_OPTIONS|--max-old-space-size=4096"),
        ("S3_BUCKET=s3://acme-backups/daily", "S3_BUCKET|s3://acme-backups/daily"),
        ("Mon - (Fri)", ""),
        ("Mon - ==", ""),
        ("== - Fri", ""),
        ("-a / b", ""),
        ("a / #b", ""),
        ("A - B", "A - B"),
        ("A - b", ""),
        ("a / B", ""),
        ("12 / Mon", ""),
        ("甲乙丙 / 丁戊己 / 庚辛壬", "甲乙丙 / 丁戊己 / 庚辛壬"),
        (
            "甲乙丙  /   丁戊己",
            "甲乙丙  /   丁戊己",
        ),  # second edition: a side of at most four Han whose edge is certain
        ("更新 D:\\src\\doc\\诱导模块开发API接口.md 吧", "D:\\src\\doc\\诱导模块开发API接口.md"),
        ("把/data/x移到/data/y.md", "/data/x|/data/y.md"),
        ("见 https://a.cn/v1/用户/列表?页=1。", "https://a.cn/v1/用户/列表?页=1"),
        ("https://a.cn/s?关键词=门锁&页=2 打不开", "https://a.cn/s?关键词=门锁&页=2"),
    ],
)
def test_targets_are_found_as_decided(source: str, targets: str) -> None:
    assert [target.text for target in extract_targets(source)] == [one for one in targets.split("|") if one]


@pytest.mark.parametrize(
    ("source", "pairs"),
    [  # words of the sentence that touch a pair, of no list: the odds of the characters and the two sides tell
        ("其中弯头/三通数量没写", "弯头/三通"),
        ("适合老人/小孩食用。", "老人/小孩"),
        ("只关心保本/浮动收益", "保本/浮动"),
        ("周五团建改到千岛湖/梅峰，", "千岛湖/梅峰"),
        ("零食坚果/酸奶二选一", "坚果/酸奶"),
        ("核对户口簿/身份证复印件", "户口簿/身份证"),
        ("定金/订金有什么区别", "定金/订金"),
        ("面试时间周三/周四晚19:00-21:00，", "周三/周四|19:00-21:00"),
        ("预计22:00-23:30到东莞/虎门", "22:00-23:30|东莞/虎门"),
        ("这款蒸/烤一体机", ""),  # one character each, outside quotes
        ("错误码-1001", "-1001"),
        ("/data/mysql占了92%", "/data/mysql"),
        ("位置app/views/会员.py:118", "app/views/会员.py:118"),
        ("図面は配線図_rev-B.pdf", "配線図_rev-B.pdf"),
        ("把编辑/删除按钮隐藏", "编辑/删除"),  # what may come before a path is a word of a pair before Han
        ("把编辑/删除/查看按钮隐藏", "编辑/删除/查看"),
        ("张三11/27迟到/早退各一次", "11/27|迟到/早退"),
        ("把签到/签退时间改一下", "签到/签退"),
        ("选择存在/不存在两项", "存在/不存在"),
        ("日志/监控/告警平台", "日志/监控/告警"),
        ("保存到/数据/报表", "/数据/报表"),
        ("存到/备份", "/备份"),
        ("地址/电话/姓名", "地址/电话/姓名"),
        ("从/由", ""),
        ("接口/order报错", "/order"),
        ("模板用测试用例模板/回归.xlsx", "测试用例模板/回归.xlsx"),  # a verb behind a label
        ("資料は共有/営業部/2026に置いて、", "共有/営業部/2026"),
        ("共有/営業部/A2は", "共有/営業部/A2"),
        ("“/共有/営業部/v2の資料”", "/共有/営業部/v2の資料"),
    ],
)
def test_the_sides_of_a_pair_end_where_words_end(source: str, pairs: str) -> None:
    found = [target.text for target in extract_targets(f"另外，{source}")]
    assert found == [one for one in pairs.split("|") if one]


def test_a_doubtful_side_is_taken_short() -> None:
    for pair in ("综合评分法/最低价法", "乙酸乙酯/石油醚"):
        (found,) = extract_targets(f"，萃取用{pair}重结晶")
        assert found.text in pair
        assert "/" in found.text


def test_seams_are_odds_by_character() -> None:
    odds = seams("请看天气预报")
    assert len(odds) == 6
    assert odds[0] == 0.0
    assert odds[1] > 1
    assert odds[3] < 0
    assert seams("龘靐") == (0.0, 0.0)  # beyond the table nothing is known
    assert seams("") == ()


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("，文号人社函〔2024〕15号", "文号 人社函〔2024〕15号"),
        ("会議の議事録-1129.docxを開いて", "会議の **議事録-1129.docx** です"),
        ("，公司年会名单-终版.xlsx", "公司 年会名单-终版.xlsx"),
        ("证据编号证-07至证-15", "编号 证-07"),
    ],
)
def test_a_blank_behind_what_may_be_a_label_is_the_writers(source: str, answer: str) -> None:
    assert repair(source, answer).text == answer


@pytest.mark.parametrize(
    ("source", "answer", "verdict"),
    [
        ("见 /data/测试20260101.md", "是 测试 20260101.md", "spaced"),  # the file is said by its name alone
        ("见 /data/测试20260101.md", "是 测试20260101.md", "verbatim"),
        ("见 /data/测试20260101.md", "/tmp/测试20260101.md", "absent"),  # another file
        ("见 /data/测试20260101.md", "/data/ 测试20260101.md", "spaced"),
        ("see lib/net/http-client.rb:88", "lib/net/http-client.rb: 88", "spaced"),
        ("see lib/net/http-client.rb:88", "lib/net/http-client.rb, line 88", "verbatim"),
        ("%from% to %to%", "% from % to %to%", "spaced"),
    ],
)
def test_a_file_in_a_folder_is_also_its_name(source: str, answer: str, verdict: str) -> None:
    assert next(iter(check(source, answer).verdicts.values())) == verdict


@pytest.mark.parametrize(
    ("source", "target", "damaged"),
    [
        ("@docs/设计V2说明.md 总结一下", "docs/设计V2说明.md", "docs/设计 V2 说明.md"),
        ("@/data/3D照片/01接口.py 看下", "/data/3D照片/01接口.py", "/data/3D 照片/01 接口.py"),
        (
            "把/home/li/客户/Excel备份/k8s版本发给我",
            "/home/li/客户/Excel备份/k8s版本",
            "/home/li/客户/Excel备份/k8s 版本",
        ),
        ("删除./数据/2024备份web_CAD.json", "./数据/2024备份web_CAD.json", "./数据/2024备份 web_CAD.json"),
        ("表格《体检登记V3.xlsx》今天交", "体检登记V3.xlsx", "体检登记 V3.xlsx"),
        ("参数 wh=CQ-02，to=导出/库存_二仓02.csv", "导出/库存_二仓02.csv", "导出/库存_二仓 02.csv"),
        ('读取"模型PLC合同/5G版本(3).md"', "模型PLC合同/5G版本(3).md", "模型 PLC合同/5G版本(3).md"),
    ],
)
def test_a_path_is_whole_in_a_short_request(source: str, target: str, damaged: str) -> None:
    assert target in [one.text for one in extract_targets(source)]
    assert check(source, f"已读取 {damaged}。").verdicts[target] == "spaced"
    assert repair(source, f"已读取 {damaged}。").text == f"已读取 {target}。"


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("字段 `订单ID` 不要改", ["订单ID"]),
        ("要查的是「SKU版本12」", ["SKU版本12"]),
        ("把“班组07”填进去", ["班组07"]),
        ("所谓“AI时代”和“3个代表”", []),
        ("“我们的App2上线了”", []),
        ("`sum` 和 `打印`", []),
    ],
)
def test_a_quoted_name_of_han_and_letters_needs_no_sign(source: str, targets: list[str]) -> None:
    assert [one.text for one in extract_targets(source)] == targets

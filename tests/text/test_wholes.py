"""A run that is bounded on both sides is one target, and what a sentence joins to a token is not."""

import pytest

from harness.text import check, extract_targets, repair


@pytest.mark.parametrize(
    ("source", "target", "damaged"),
    [
        ("编号：京博-瓷00217/清\n名称：碗", "京博-瓷00217/清", "京博-瓷 00217/清"),
        ("- 成分：去白悬浮红细胞/2U\n- 血型：A", "去白悬浮红细胞/2U", "去白悬浮红细胞 / 2U"),
        ("| 设备 | 空压机-2#/A线 |\n| 备件 | 无 |", "空压机-2#/A线", "空压机-2#/A 线"),
        ("课程,教室,周\n大学英语,教3-205,一\n大学物理,教4-101,二\n", "教3-205", "教 3-205"),
        ("把 Player/背包UI 预制体", "Player/背包UI", "Player/背包 UI"),
        ("周五 教3-304，带书", "教3-304", "教 3-304"),
        ("繩組 A組/主繩9.8mm。", "A組/主繩9.8mm", "A組/主繩 9.8mm"),
        ("；op.12-3/降E大调；", "op.12-3/降E大调", "op.12-3/降 E 大调"),
        ("编码 央音-钢琴7级/B组03；", "央音-钢琴7级/B组03", "央音-钢琴7级/B 组 03"),
        ("證號 雪管-入園113-0456，", "雪管-入園113-0456", "雪管-入園 113-0456"),
        ("配置看 帮助/邮箱/配置V4，重置", "帮助/邮箱/配置V4", "帮助/邮箱/配置 V4"),
        ("指派 关卡组/老K。", "关卡组/老K", "关卡组/老 K"),
        ("单位是分/笔，失败", "分/笔", "分 / 笔"),
        ("unit=件/箱，", "件/箱", "件 / 箱"),
        ("型号 XJ风机-3A", "XJ风机-3A", "XJ 风机-3A"),
        ("变量名 user名称_ID 不能改", "user名称_ID", "user 名称_ID"),
        ("证件（CS2203-01班）在", "CS2203-01班", "CS2203-01 班"),
    ],
)
def test_a_bounded_run_is_one_target(source: str, target: str, damaged: str) -> None:
    assert target in [one.text for one in extract_targets(source)]
    assert check(source, f"见 {damaged} 处").verdicts[target] == "spaced"
    assert repair(source, damaged).text == target


@pytest.mark.parametrize(
    ("source", "target", "right"),
    [
        ("任务：型号MV-CS050接海康VM，", "MV-CS050", "型号 MV-CS050 接海康 VM"),
        ("拨打 0755-8366-2190转806 找小赵", "0755-8366-2190", "0755-8366-2190 转 806"),
        ("公式返回#N/A，", "#N/A", "返回 #N/A"),
        ("规则：退货/换货7天内\n", "退货/换货", "退货/换货 7 天内"),
        ("线路 输入/输出PDF，", "输入/输出", "输入/输出 PDF"),
        ("尺寸：口径13.8cm/高6cm\n", "13.8cm/高6cm", "口径 13.8cm/高6cm"),
        ("上火/下火，先 190℃/下火170℃，", "190℃/下火170℃", "190℃、下火 170℃"),
        ("约 导游-小马138-0931-7720 来", "138-0931-7720", "导游-小马 138-0931-7720"),
        ("价格 ¥48.5/件起。", "48.5/件", "¥48.5/件 起"),
    ],
)
def test_what_a_sentence_joins_to_a_token_may_have_blanks(source: str, target: str, right: str) -> None:
    assert any(target in one.text for one in extract_targets(source))
    assert set(check(source, right).verdicts.values()) <= {"verbatim", "absent"}
    assert repair(source, right).text == right


@pytest.mark.parametrize(
    ("source", "target", "wrong"),
    [
        ("税号：91440300MA5FXY8K2P，位号CL10B104KB8NNNC。", "91440300MA5FXY8K2P", "07,91440300MA5FXY8KP2,2024"),
        ("码SK_88-31", "SK_88-31", "skuId=SK_88-13"),
        ("紧急联系人陈老师13902457718，", "13902457718", "请联系陈老师：13902457781。"),
        ("大巴车牌粤B·D5F23，", "粤B·D5F23", "大巴车牌为粤B·D5F32。"),
        ("單號 #TYO-99812-B", "#TYO-99812-B", "單號 TYO-98912-B"),
    ],
)
def test_a_near_miss_is_seen_among_its_neighbours(source: str, target: str, wrong: str) -> None:
    assert check(source, wrong).verdicts[target] == "corrupted"
    assert repair(source, wrong).text == wrong


def test_a_phone_is_no_range_and_a_qualified_name_has_its_case() -> None:
    assert check("打04-22052121轉12", "打 04–22052121 轉 12").verdicts["04-22052121"] == "lookalike"
    name = "com.zyt.oa.vo.DeptUserVO"
    assert check(f'resultType="{name}"', "类型 com.zyt.oa.vo.DeptUserVo").verdicts[name] == "altered"


@pytest.mark.parametrize(
    ("source", "target", "damaged"),
    [
        ("物證編號 證-7(光碟)。", "證-7(光碟)", "證-7（光碟）"),
        ("機器はポンプP-07(予備)、記録", "P-07(予備)", "P-07 (予備)"),
        ("品番,品名,在庫\nKT-10,E235系,3\nTX98,キハ40/国鉄色(M),1\n", "40/国鉄色(M)", "40/国鉄色 (M)"),
        ("- 血型：A型RhD(-)\n", "A型RhD(-)", "A型RhD (-)"),
        ("肌酐清除率 52mL/(min·1.73m²)，", "52mL/(min·1.73m²)", "52mL / (min·1.73m²)"),
        ("根据财税〔2016〕36号/附件1，", "财税〔2016〕36号/附件1", "财税〔2016〕36号 / 附件1"),
        ("整改单 甬消检字〔2025〕第0088号-2。", "甬消检字〔2025〕第0088号-2", "甬消检字〔2025〕第0088号 - 2"),
        ("日,温,比,量\n3月2日,26.5,6/9,20L/次\n3月9日,26.1,5/9,30L/周", "20L/次", "20L / 次"),
        ("支持.jpg/.png/.webp，单张", ".jpg/.png/.webp", ".jpg / .png / .webp"),
        ("给3#楼业主写通知", "3#", "3 #"),
        ("柜型40'HQ×2  箱号", "40'HQ×2", "40' HQ×2"),
        (
            "資料夾 /Users/mei/報稅2024/憑單（配偶）裡的 a.pdf",
            "/Users/mei/報稅2024/憑單（配偶）",
            "/Users/mei/報稅 2024/憑單（配偶）",
        ),
    ],
)
def test_brackets_parts_and_particles_at_the_end_of_a_string(source: str, target: str, damaged: str) -> None:
    assert target in [one.text for one in extract_targets(source)]
    assert check(source, f"见 {damaged} 。").verdicts[target] in ("spaced", "lookalike")
    assert repair(source, f"见 {damaged} 。").text == f"见 {target} 。"


def test_a_list_in_brackets_and_a_price_with_a_comma_are_left_alone() -> None:
    assert check("型号ZX-200(备用机一台)，", "型号 ZX-200（备用机一台）").verdicts == {"ZX-200": "verbatim"}
    assert check("价格1,200元/台，", "价格 1,200元/台").verdicts == {"1,200元/台": "verbatim"}


@pytest.mark.parametrize(
    ("source", "target", "damaged"),
    [
        ("船号 浙岭渔·23867 已返港", "浙岭渔·23867", "浙岭渔 · 23867"),
        ("证号 SC10233·鲁-0041，", "SC10233·鲁-0041", "SC10233·鲁 - 0041"),
        ("补给 500ml/人·站，", "500ml/人·站", "500ml/人 · 站"),
        ("资产,机柜,人\nZC-1,F3,网管-周\nZC-2,F4,安全-林\n", "网管-周", "网管 - 周"),
        ("证据袋 ZJ-03(光盘×1)，", "ZJ-03(光盘×1)", "ZJ-03 (光盘×1)"),
        ("試料 TiO2-Pt(1wt%)、", "TiO2-Pt(1wt%)", "TiO2-Pt (1wt%)"),
        ("函 (113)睦鄰管字第0412-1號，", "(113)睦鄰管字第0412-1號", "(113)睦鄰管字第0412 - 1號"),
        ("案由，援字〔2025〕0412-06号，", "援字〔2025〕0412-06号", "援字 〔2025〕 0412-06号"),
        ("代碼 A棟-7F之2，", "A棟-7F之2", "A棟-7F 之 2"),
        ("机型=LX-7/左舵\n位置=冷链箱07-GPS\n", "冷链箱07-GPS", "冷链箱07 - GPS"),
    ],
)
def test_a_middle_dot_a_row_and_a_number_in_brackets(source: str, target: str, damaged: str) -> None:
    assert target in [one.text for one in extract_targets(source)]
    assert check(source, f"见 {damaged} 。").verdicts[target] == "spaced"
    assert repair(source, f"见 {damaged} 。").text == f"见 {target} 。"


def test_a_middle_dot_in_a_name_is_no_sign() -> None:
    assert extract_targets("作者列奥纳多·达·芬奇，") == ()


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("01_合同/2023/宏远-补充协议（二）\n归档", "01_合同/2023/宏远-补充协议（二）"),
        ("见 01_合同/2023/协议", "01_合同/2023/协议"),
        ("01.合同/2023/协议", "01.合同/2023/协议"),
    ],
)
def test_a_folder_of_a_year_is_not_where_a_path_begins(source: str, path: str) -> None:
    assert path in [one.text for one in extract_targets(source)]
    assert check(source, path.replace("/2023", " / 2023")).verdicts[path] == "spaced"


def test_a_remark_in_brackets_belongs_to_no_words_in_a_row() -> None:
    assert [one.text for one in extract_targets("玄关/鞋柜/岩板（三选一）")] == ["玄关/鞋柜/岩板"]


@pytest.mark.parametrize(
    ("source", "targets", "right"),
    [
        ("上下火170℃/160℃烤18-20min，", ("170℃/160℃", "18-20min"), "170℃/160℃ 烤 18-20min"),
        ("用三环唑WP 20-30g/亩兑水30kg，", ("20-30g/亩",), "三环唑WP 20-30g/亩兑水 30kg"),
        ("梁KL-5(3)配筋Φ8@100/200，", ("KL-5(3)", "Φ8@100/200"), "KL-5(3) 配筋 Φ8@100/200"),
        ("红茶TB-03/阿萨姆1:30焖泡8-10min，", ("TB-03/阿萨姆", "8-10min"), "TB-03/阿萨姆 1:30 焖泡 8-10min"),
        ("货号AX-300/灰-L共12箱/托，", ("AX-300/灰-L", "12箱/托"), "AX-300/灰-L 共 12箱/托"),
        ("加入1,2-二氯乙烷30mL，", ("1,2-二氯乙烷",), "加入 1,2-二氯乙烷 30mL"),
        ("第12场 12A-3条 用OK条", ("12A-3",), "第 12 场 12A-3 条"),
        ("| 姓名 | 房号3-201 |\n| 李四 | 工号A-102 |", ("3-201", "A-102"), "房号 3-201，工号 A-102"),
        ("玄关/餐边柜E0/ENF级", ("E0/ENF",), "玄关/餐边柜 E0/ENF 级"),
        ("报销单BX-2024/0618附高铁票-6.12.pdf，", ("BX-2024/0618",), "报销单 BX-2024/0618 附高铁票-6.12.pdf"),
        ("素材B-roll用A7M4_0617-03.mp4，", ("B-roll", "A7M4_0617-03.mp4"), "素材 B-roll 用 A7M4_0617-03.mp4"),
        (
            "请把ICU-3床患者的Na+/K+结果填进记录单-夜班.docx，",
            ("ICU-3", "Na+/K+", "记录单-夜班.docx"),
            "把 ICU-3 床患者的 Na+/K+ 结果填进记录单-夜班.docx",
        ),
        (
            "把KH-2031/A改成KH-2031/B后重新发给客户部-小陈，",
            ("KH-2031/A", "KH-2031/B", "客户部-小陈"),
            "把 KH-2031/A 改成 KH-2031/B 后重新发给客户部-小陈",
        ),
        (
            "英语Unit3-SectionB听力放在音频/八下_U3.mp3",
            ("Unit3-SectionB", "音频/八下_U3.mp3"),
            "英语 Unit3-SectionB 听力放在音频/八下_U3.mp3",
        ),
        ("3栋反馈了电梯-1#异响已派维保/夜班处理", ("电梯-1#", "维保/夜班"), "3 栋反馈了电梯-1# 异响已派维保/夜班处理"),
        ("株距0.8m/株共1200株/亩种在K12+300/右侧", ("K12+300/右侧",), "0.8m/株共 1200 株/亩种在 K12+300/右侧"),
        ("复查CEA/CA199并更新随访表_李.xlsx", ("CEA/CA199", "随访表_李.xlsx"), "复查 CEA/CA199 并更新随访表_李.xlsx"),
        ("传到10.0.3.8:/opt/app再重启", ("/opt/app",), "传到 10.0.3.8:/opt/app 再重启"),
        ("SKU白色/L码限购2件/单，", ("2件/单",), "SKU 白色/L码限购 2 件/单"),
        ("迟到10-30分钟扣50元/次，", ("10-30分钟", "50元/次"), "迟到 10-30 分钟扣 50 元/次"),
        ("回滚后，影响登录/注册接口/api/v2/login，", ("登录/注册", "/api/v2/login"), "登录/注册接口 /api/v2/login"),
        ("用程序O0213.nc加工", ("O0213.nc",), "用程序 O0213.nc 加工"),
        ("背景BGM轻快/钢琴，", ("轻快/钢琴",), "背景 BGM 轻快/钢琴"),
        ("在Sheet2!B$3:B$48里统计", ("Sheet2!B$3:B$48",), "在 Sheet2!B$3:B$48 里统计"),
    ],
)
def test_what_han_joins_is_several_targets(source: str, targets: tuple[str, ...], right: str) -> None:
    assert set(targets) <= {one.text for one in extract_targets(source)}
    assert set(check(source, right).verdicts.values()) <= {"verbatim", "absent"}
    assert repair(source, right).text == right


@pytest.mark.parametrize(
    ("source", "target", "damaged"),
    [
        ("馆藏地：总馆3F-A区，", "3F-A区", "3F - A区"),
        ("room填3#-机房/电池间，", "3#-机房/电池间", "3#-机房 / 电池间"),
        ("任务 ods-订单/退款_小时级 失败", "ods-订单/退款_小时级", "ods-订单/退款 _ 小时级"),
        ("5#楼/2单元读卡器ZK-F22离线", "5#楼/2单元", "5#楼 / 2单元"),
        ("曲目K.331/第三乐章，", "K.331/第三乐章", "K.331 / 第三乐章"),
        ("工艺卡GY-0618(A版)，", "GY-0618(A版)", "GY-0618 (A版)"),
        ("导出成果/道路_0618.shp", "成果/道路_0618.shp", "成果/道路 _ 0618.shp"),
        ("复制到汇总表!B3，", "汇总表!B3", "汇总表! B3"),
        ("编制人财务部/王芳，", "财务部/王芳", "财务部 / 王芳"),
        ("地点在主楼-305，", "主楼-305", "主楼 - 305"),
        ("结论见纪要-0617.docx，", "纪要-0617.docx", "纪要 - 0617.docx"),
        ("附律师函-0612.pdf，", "律师函-0612.pdf", "律师函 - 0612.pdf"),
        ("放到新建文件夹 (2)里", "新建文件夹 (2)", "新建文件夹  (2)"),
        ("12A-3条 用OK条", "12A-3", "12A–3 条"),
        ("8号楼/9号楼因更换DN100-PN16阀门", "8号楼/9号楼", "8号楼 / 9号楼"),
        ("| 公式 |\n| 明细!B$3:B$48 |", "明细!B$3:B$48", "明细!B$3 : B$48"),
        ("取4-硝基苯酚溶于水", "4-硝基苯酚", "4 - 硝基苯酚"),
    ],
)
def test_a_target_ends_where_its_string_does(source: str, target: str, damaged: str) -> None:
    assert target in [one.text for one in extract_targets(source)]
    assert check(source, damaged).verdicts[target] not in ("verbatim", "absent")
    assert target in repair(source, damaged).text


@pytest.mark.parametrize(
    ("source", "target", "damaged"),
    [
        ("正则^1[3-9]\\d{9}$没问题", "^1[3-9]\\d{9}$", "^1[3-9] \\d{9}$"),
        ("匹配^(?:粤|京)[A-Z]\\d{5}$失败，另一个^a$", "^(?:粤|京)[A-Z]\\d{5}$", "^(?:粤|京) [A-Z]\\d{5}$"),
        ("目录hdfs://ns1/ckpt/实时GMV，状态", "hdfs://ns1/ckpt/实时GMV", "hdfs://ns1/ckpt/实时 GMV"),
        ("关联dim_区域.大区编码，报错", "dim_区域.大区编码", "dim_区域.大区 编码"),
        ("消息topic.订单.已支付.v1分区", "topic.订单.已支付.v1", "topic.订单.已支付 .v1"),
        ("路径dist/活动页/**/*.js，", "dist/活动页/**/*.js", "dist/活动页/ **/*.js"),
        ("把/mnt/采集卡/CH01/*.bin拷走", "/mnt/采集卡/CH01/*.bin", "/mnt/采集卡/CH01/ *.bin"),
        ("vue页面views/报表/日报-明细.vue，", "views/报表/日报-明细.vue", "views/报表/日报 - 明细.vue"),
        ("值ingress.hosts[0].host写成了pay-灰度.corp.cn，", "ingress.hosts[0].host", "ingress.hosts [0].host"),
        ("路由#/flow/审批-详情/88，接口", "#/flow/审批-详情/88", "#/ flow/审批-详情/88"),
        ("站名S7-1200/灌装线2", "S7-1200/灌装线2", "S7-1200/灌装线 2"),
        ("DBC文件整车_V3.2(释放).dbc，节点", "整车_V3.2(释放).dbc", "整车_V3.2 (释放).dbc"),
    ],
)
def test_a_pattern_an_address_and_a_last_digit(source: str, target: str, damaged: str) -> None:
    assert any(one.text.endswith(target) for one in extract_targets(source))
    assert any(one.is_damage for several in check(source, f"用 {damaged} 吧").mentions.values() for one in several)


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("价格$x，另见a_1，再$z_1^2$", "价格 $x，另见 a_1，再 $z_1^2$"),
        ("访问http://a.cn/api/返回JSON，看", "访问 http://a.cn/api/ 返回 JSON，看"),
        ("移到\\\\收件箱\\采购\\待确认，类别", "移到 \\\\收件箱\\采购\\待确认，并打标"),
        ("选 A.正确 还是 B.错误", "A. 正确\nB. 错误"),
    ],
)
def test_a_price_an_answer_and_a_choice_are_the_writers(source: str, right: str) -> None:
    assert not [one for several in check(source, right).mentions.values() for one in several if one.is_damage]

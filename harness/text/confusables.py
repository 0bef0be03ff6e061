"""Characters of different scripts that look alike: single letters and digits from Unicode's confusables.txt.

Data derived from the Unicode Character Database (security/confusables.txt and Scripts.txt), copyright Unicode, Inc.,
Unicode License v3. Full-width forms, the symbols and their look-alikes are left out: `symbols` has those.
"""

_CLASSES = """\
0 𝐎𝑂𝑶𝒪𝓞𝔒𝕆𝕺𝖮𝗢𝘖𝙊𝙾𝚶𝛰𝜪𝝤𝞞𝟎𝟘𝟢𝟬𝟶🯰 O Ο О Օ ০ ଠ୦ ዐ Ⲟ ⵔ 〇 ꓳ 𐊒 𐊫 𐐄 𐓂 𐔖 𑓐 𑢵𑣠
1 ℐℑℓ𝐈𝐥𝐼𝑙𝑰𝒍𝓁𝓘𝓵𝔩𝕀𝕝𝕴𝖑𝖨𝗅𝗜𝗹𝘐𝘭𝙄𝙡𝙸𝚕𝚰𝛪𝜤𝝞𝞘𝟏𝟙𝟣𝟭𝟷🯱 IlƖǀⅠⅼ Ι ІӀ ۱ ᛁ Ⲓ ⵏ ꓲ 𐊊 𐌉𐌠 𖼨
2 𝟐𝟚𝟤𝟮𝟸🯲 ƧꝚ Ϩ ᒿ Ꙅ ꛯ
3 𝟑𝟛𝟥𝟯𝟹🯳 ƷȜꝪꞫ ЗӠ Ⳍ 𑣊 𖼻
4 𝟒𝟜𝟦𝟰𝟺🯴 Ꮞ 𑢯
5 𝟓𝟝𝟧𝟱𝟻🯵 Ƽ 𑢻
6 𝟔𝟞𝟨𝟲𝟼🯶 б Ꮾ Ⳓ 𑣕
7 𝟕𝟟𝟩𝟳𝟽🯷 𐓒 𑣆
8 𝟖𝟠𝟪𝟴𝟾🯸 Ȣȣ ৪ ੪ 𐌚
9 𝟗𝟡𝟫𝟵𝟿🯹 ৭ ੧ ୨ ൭ Ⳋ Ꝯ 𑢬𑣌𑣖
A Α А Ꭺ ᗅ ꓮ 𐊠 𖽀 𝐀𝐴𝑨𝒜𝓐𝔄𝔸𝕬𝖠𝗔𝘈𝘼𝙰𝚨𝛢𝜜𝝖𝞐
BꞴ Β В Ᏼ ᗷ ℬ𝐁𝐵𝑩𝓑𝔅𝔹𝕭𝖡𝗕𝘉𝘽𝙱𝚩𝛣𝜝𝝗𝞑 ꓐ 𐊂 𐊡 𐌁
CⅭ Ϲ С Ꮯ ℂℭ𝐂𝐶𝑪𝒞𝓒𝕮𝖢𝗖𝘊𝘾𝙲 Ⲥ ꓚ 𐊢 𐌂 𐐕 𐔜 𑣩𑣲
DⅮ Ꭰ ᗞᗪ ⅅ𝐃𝐷𝑫𝒟𝓓𝔇𝔻𝕯𝖣𝗗𝘋𝘿𝙳 ꓓ
E Ε Е Ꭼ ℰ𝐄𝐸𝑬𝓔𝔈𝔼𝕰𝖤𝗘𝘌𝙀𝙴𝚬𝛦𝜠𝝚𝞔 ⴹ ꓰ 𐊆 𑢦𑢮
FꞘ Ϝ ᖴ ℱ𝐅𝐹𝑭𝓕𝔉𝔽𝕱𝖥𝗙𝘍𝙁𝙵𝟊 ꓝ 𐊇 𐊥 𐔥 𑢢𑣂
G Ԍ ᏀᏳ ꓖ 𝐆𝐺𝑮𝒢𝓖𝔊𝔾𝕲𝖦𝗚𝘎𝙂𝙶
H Η Н Ꮋ ᕼ ℋℌℍ𝐇𝐻𝑯𝓗𝕳𝖧𝗛𝘏𝙃𝙷𝚮𝛨𝜢𝝜𝞖 Ⲏ ꓧ 𐋏
JꞲ Ϳ Ј Ꭻ ᒍ ꓙ 𝐉𝐽𝑱𝒥𝓙𝔍𝕁𝕵𝖩𝗝𝘑𝙅𝙹
KK Κ К Ꮶ ᛕ Ⲕ ꓗ 𐔘 𝐊𝐾𝑲𝒦𝓚𝔎𝕂𝕶𝖪𝗞𝘒𝙆𝙺𝚱𝛫𝜥𝝟𝞙
LⅬ Ꮮ ᒪ ℒ𝐋𝐿𝑳𝓛𝔏𝕃𝕷𝖫𝗟𝘓𝙇𝙻 Ⳑ ꓡ 𐐛 𐔦 𑢣𑢲 𖼖
MⅯ ΜϺ М Ꮇ ᗰ ᛖ ℳ𝐌𝑀𝑴𝓜𝔐𝕄𝕸𝖬𝗠𝘔𝙈𝙼𝚳𝛭𝜧𝝡𝞛 Ⲙ ꓟ 𐊰 𐌑
N Ν ℕ𝐍𝑁𝑵𝒩𝓝𝔑𝕹𝖭𝗡𝘕𝙉𝙽𝚴𝛮𝜨𝝢𝞜 Ⲛ ꓠ 𐔓
P Ρ Р Ꮲ ᑭ ℙ𝐏𝑃𝑷𝒫𝓟𝔓𝕻𝖯𝗣𝘗𝙋𝙿𝚸𝛲𝜬𝝦𝞠 Ⲣ ꓑ 𐊕
Q ℚ𝐐𝑄𝑸𝒬𝓠𝔔𝕼𝖰𝗤𝘘𝙌𝚀 ⵕ
RƦ ᎡᏒ ᖇ ℛℜℝ𝐑𝑅𝑹𝓡𝕽𝖱𝗥𝘙𝙍𝚁 ꓣ 𐒴 𖼵
S Ѕ Տ ᏕᏚ ꓢ 𐊖 𐐠 𖼺 𝐒𝑆𝑺𝒮𝓢𝔖𝕊𝕾𝖲𝗦𝘚𝙎𝚂
T Τ Т Ꭲ Ⲧ ꓔ 𐊗 𐊱 𐌕 𑢼 𖼊 𝐓𝑇𝑻𝒯𝓣𝔗𝕋𝕿𝖳𝗧𝘛𝙏𝚃𝚻𝛵𝜯𝝩𝞣
U Ս ሀ ᑌ ꓴ 𐓎 𑢸 𖽂 𝐔𝑈𝑼𝒰𝓤𝔘𝕌𝖀𝖴𝗨𝘜𝙐𝚄
VⅤ Ѵ ۷ Ꮩ ᐯ ⴸ ꓦ ꛟ 𐔝 𑢠 𖼈 𝐕𝑉𝑽𝒱𝓥𝔙𝕍𝖁𝖵𝗩𝘝𝙑𝚅
W Ԝ ᎳᏔ ꓪ 𑣦𑣯 𝐖𝑊𝑾𝒲𝓦𝔚𝕎𝖂𝖶𝗪𝘞𝙒𝚆
XⅩꞳ Χ Х ᚷ Ⲭ ⵝ ꓫ 𐊐 𐊴 𐌗𐌢 𐔧 𑣬 𝐗𝑋𝑿𝒳𝓧𝔛𝕏𝖃𝖷𝗫𝘟𝙓𝚇𝚾𝛸𝜲𝝬𝞦
Y Υϒ УҮ ᎩᎽ Ⲩ ꓬ 𐊲 𑢤 𖽃 𝐘𝑌𝒀𝒴𝓨𝔜𝕐𝖄𝖸𝗬𝘠𝙔𝚈𝚼𝛶𝜰𝝪𝞤
Z Ζ Ꮓ ℤℨ𐋵𝐙𝑍𝒁𝒵𝓩𝖅𝖹𝗭𝘡𝙕𝚉𝚭𝛧𝜡𝝛𝞕 ꓜ 𑢩𑣥
aɑ α а 𝐚𝑎𝒂𝒶𝓪𝔞𝕒𝖆𝖺𝗮𝘢𝙖𝚊𝛂𝛼𝜶𝝰𝞪
bƄ Ь Ꮟ ᑲᖯ 𝐛𝑏𝒃𝒷𝓫𝔟𝕓𝖇𝖻𝗯𝘣𝙗𝚋
cᴄⅽ ϲ с ⲥ ꮯ 𐐽 𝐜𝑐𝒄𝒸𝓬𝔠𝕔𝖈𝖼𝗰𝘤𝙘𝚌
dⅾ ԁ Ꮷ ᑯ ⅆ𝐝𝑑𝒅𝒹𝓭𝔡𝕕𝖉𝖽𝗱𝘥𝙙𝚍 ꓒ
eꬲ еҽ ℯⅇ𝐞𝑒𝒆𝓮𝔢𝕖𝖊𝖾𝗲𝘦𝙚𝚎
fſẝꞙꬵ ք 𝐟𝑓𝒇𝒻𝓯𝔣𝕗𝖋𝖿𝗳𝘧𝙛𝚏
gƍɡᶃ ց ℊ𝐠𝑔𝒈𝓰𝔤𝕘𝖌𝗀𝗴𝘨𝙜𝚐
h һ հ Ꮒ ℎ𝐡𝒉𝒽𝓱𝔥𝕙𝖍𝗁𝗵𝘩𝙝𝚑
iıɩɪⅰ ͺιι іӏꙇ Ꭵꭵ ℹⅈ𝐢𝑖𝒊𝒾𝓲𝔦𝕚𝖎𝗂𝗶𝘪𝙞𝚒𝚤𝛊𝜄𝜾𝝸𝞲 𑣃
j ϳ ј ⅉ𝐣𝑗𝒋𝒿𝓳𝔧𝕛𝖏𝗃𝗷𝘫𝙟𝚓
k 𝐤𝑘𝒌𝓀𝓴𝔨𝕜𝖐𝗄𝗸𝘬𝙠𝚔
n ոռ 𝐧𝑛𝒏𝓃𝓷𝔫𝕟𝖓𝗇𝗻𝘯𝙣𝚗
oᴏᴑꬽ οσ о օ ۵ ० ੦ ૦ ௦ ౦ ೦ ഠ൦ ๐ ໐ ဝ၀ ჿ ℴ𝐨𝑜𝒐𝓸𝔬𝕠𝖔𝗈𝗼𝘰𝙤𝚘𝛐𝛔𝜊𝜎𝝄𝝈𝝾𝞂𝞸𝞼 ⲟ 𐐬 𐓪 𑣈𑣗
p ρϱ р ⲣ 𝐩𝑝𝒑𝓅𝓹𝔭𝕡𝖕𝗉𝗽𝘱𝙥𝚙𝛒𝛠𝜌𝜚𝝆𝝔𝞀𝞎𝞺𝟈
q ԛ գզ 𝐪𝑞𝒒𝓆𝓺𝔮𝕢𝖖𝗊𝗾𝘲𝙦𝚚
rꭇꭈ г ᴦ ⲅ ꮁ 𝐫𝑟𝒓𝓇𝓻𝔯𝕣𝖗𝗋𝗿𝘳𝙧𝚛
sƽꜱ ѕ ꮪ 𐑈 𑣁 𝐬𝑠𝒔𝓈𝓼𝔰𝕤𝖘𝗌𝘀𝘴𝙨𝚜
t 𝐭𝑡𝒕𝓉𝓽𝔱𝕥𝖙𝗍𝘁𝘵𝙩𝚝
uʋᴜꞟꭎꭒ υ ս 𐓶 𑣘 𝐮𝑢𝒖𝓊𝓾𝔲𝕦𝖚𝗎𝘂𝘶𝙪𝚞𝛖𝜐𝝊𝞄𝞾
vᴠⅴ ν ѵ ꮩ 𑜆 𑣀 𝐯𝑣𝒗𝓋𝓿𝔳𝕧𝖛𝗏𝘃𝘷𝙫𝚟𝛎𝜈𝝂𝝼𝞶
wɯᴡ ѡԝ ա ꮃ 𑜊𑜎𑜏 𝐰𝑤𝒘𝓌𝔀𝔴𝕨𝖜𝗐𝘄𝘸𝙬𝚠
xⅹ х ᕁᕽ 𝐱𝑥𝒙𝓍𝔁𝔵𝕩𝖝𝗑𝘅𝘹𝙭𝚡
yɣʏᶌỿꭚ γ уү ყ ℽ𝐲𝑦𝒚𝓎𝔂𝔶𝕪𝖞𝗒𝘆𝘺𝙮𝚢𝛄𝛾𝜸𝝲𝞬 𑣜
zᴢ ꮓ 𑣄 𝐳𝑧𝒛𝓏𝔃𝔷𝕫𝖟𝗓𝘇𝘻𝙯𝚣
µ𝛍𝜇𝝁𝝻𝞵 μ
ºᵒ ⁰
Þ Ϸ 𐓄
ßꞵ βϐ Ᏸ 𝛃𝛽𝜷𝝱𝞫
þƿ ϸ
ĸᴋ κϰ к ⲕ ꮶ 𝛋𝛞𝜅𝜘𝜿𝝒𝝹𝞌𝞳𝟆
ţƫț Ꮏ
ƅ ь ꮟ
ƆↃ Ͻ ꓛ 𐐣
Ǝ ⴺ ꓱ
Ə Ә
Ɛ Ԑ Ꮛ ℇ 𐐁 𖼭
ƨᴤ ϩ ꙅ
Ʃ Σ ⵉ 𝚺𝛴𝜮𝝨𝞢
Ʊ ᘮᘴ
ǝə ә
Ƕ Ԋ
ȝʒꝫ ӡ ჳ ⳍ
ȷ յ 𝚥
ɂ ꭾ
Ʌ Λ Л ۸ ᐱ ⴷ ꓥ ꛎ 𐊍 𐒰 𖼽 𝚲𝛬𝜦𝝠𝞚
ɔᴐↄ ͻ 𐑋
ɛꞓ εϵ єԑ ⲉ ꮛ 𐐩 𑣎 𝛆𝛜𝜀𝜖𝜺𝝐𝝴𝞊𝞮𝟄
ɜᴈ з
ɞ 𐑂
ɢ ԍ ᏻꮐ
ɰ պ ሣ
ɷ 𐐿
ɸ φϕ ф ⲫ 𝛗𝛟𝜑𝜙𝝋𝝓𝞅𝞍𝞿𝟇
ʀ ꭱꮢ
ʌ ᴧ 𐓘
ʍᴍ м ꮇ
ʘ ⵙ Ꙩ 𐓃
ʙ в ᏼ
ʚꞝ 𐐪
ʜ н ꮋ
ʟ ⳑ ꮮ 𐑃
ʡ ꛍ
ʳ ᣴ
ʿ ՙ
ˁ ˤ
ˡ ᣳ
ˢ ᣛᣵ
Ͱ ᎨᎰ Ⱶ ꚱ
Ͷ И ꚡ 𐐥
ͷ и ᴎ 𐑍
ͽ ꜿ
Γ Г Ꮁ ᒥ ℾ𝚪𝛤𝜞𝝘𝞒 Ⲅ 𖼇
Δ ᐃ Ⲇ ⵠ 𐊅 𐊣 𖼚 𝚫𝛥𝜟𝝙𝞓
Ξ 𝚵𝛯𝜩𝝣𝞝
Π П ℿ𝚷𝛱𝜫𝝥𝞟 Ⲡ ꛛ
Φ Ф Փ ቀ ᛰ Ⲫ 𐊳 𝚽𝛷𝜱𝝫𝞥
Ψ Ѱ ᛘ Ⲯ 𐊵 𐓑 𝚿𝛹𝜳𝝭𝞧
ΩΩ ᘯᘵ 𐊶 𝛀𝛺𝜴𝝮𝞨
δ ծ ᕷ ẟ 𝛅𝛿𝜹𝝳𝞭
ζ 𝛇𝜁𝜻𝝵𝞯
λ Ⲗ 𐓛 𝛌𝜆𝝀𝝺𝞴
ξ 𝛏𝜉𝝃𝝽𝞷
πϖᴨ п ℼ𝛑𝛡𝜋𝜛𝝅𝝕𝝿𝞏𝞹𝟉
ςϛ 𝛓𝜍𝝇𝞁𝞻
τ т ᴛ ꭲ 𝛕𝜏𝝉𝞃𝞽
χ ⲭ ꭓꭕ 𝛘𝜒𝝌𝞆𝟀
ψ ѱ 𐓹 𝛙𝜓𝝍𝞇𝟁
ω ⲱ ꙍ ꞷ 𝛚𝜔𝝎𝞈𝟂
ϗ ⳤ
Ϙ 𐊭 𐌒
ϝ 𝟋
Ͽ Ꜿ
Є Ⲉ Ꞓ
Ћ 𐓍
Ш Ⲽ
ш ⲽ
я ᴙ
љ ꭠ
Ѡ Ꮗ ᗯ
Ӄ 𐒼
Ի ኮ
Մ ሆ
Ո በ ᑎ ꓵ
Պ ጣ
Ռ ቡ
ձ ኔ
ऽ ઽ
२ ૨
३ ૩
४ ૪
८ ૮
ॱ ൎ
ঘ 𑒒
চ 𑒔
জ 𑒖
ঞ 𑒘
ট 𑒙
ড 𑒛
ণ 𑒪
ত 𑒞
থ 𑒟
দ 𑒠
ধ 𑒡
ন 𑒢
প 𑒣
ব 𑒩
ম 𑒧
য 𑒨
র 𑒫
ল 𑒝
ষ 𑒭
স 𑒮
ঽ 𑓄
১ 𑓑
২ 𑓒
৬ 𑓖
உ௨ ഉ
ஐஜ ജ
ண ണ
ழ ഴ
ஶ ശ
అ ಅ
ఆ ಆ
ఇ ಇ
ఒ ಒ
జ ಜ
ఞ ಞ
ణ ಣ
య ಯ
ఱ ಱ
ల ಲ
౧ ೧
౨ ೨
౯ ೯
จ ຈ
บ ບ
ป ປ
ฝ ຝ
พ ພ
ฟ ຟ
ย ຍ
Ⴀ Ꞇ
ᅵㅣ 丨
Ꮿ ῶ
ᖵ Ⅎ ꓞ
ᖷ ꟻ
ᗄ Ɐ ꓯ
ᗡ ꓷ
ᙆ ᶻ
ᙠ ꓭ
ᚹ ꚰ
ᛜ 𐊔 𑢷
ᛦ 𐓐
ᛯ ⵣ
ᣔ ᶺ
ᣖ ᴾ
ᴀ ꭺ
ᴅ ꭰ
ᴇ ꭼ
ᴊ ꭻ
ᴘ ᴩ ꮲ
ᴴ ᵸ
⁹ ꝰ
ⰿ ꦒ
Ɒ 𐐟
ⱶ ꮀ
ⵀ 𐊸
へ ヘ
イ 亻
エ 工
カ 力力
タ 夕
ト 卜
ニ 二
ハ 八
ロ 口囗
ꓕ Ʇ
ꓤ Ꞟ
ꓶ 𐐑 𖼦
Ꙍ Ꞷ
Ꙙ 𖼜
ꙩ 𐓫
Ꚛ 𐊨
Ꞛ 𐐒
ꞛ 𐐺
ꣻ 𑇜
𐎂 𐏑
𐎓 𐏓
𐎚 𒀸
"""
"""One class a paragraph, its further lines indented; a space parts the scripts. Within a script nothing is confused."""


def _read() -> dict[str, tuple[int, int]]:
    """Character -> (class, script group within the class)."""
    places: dict[str, tuple[int, int]] = {}
    for number, line in enumerate(_CLASSES.replace("\n  ", " ").splitlines()):
        for group, chars in enumerate(line.split(" ")):
            for char in chars:
                places[char] = (number, group)
    return places


_PLACES = _read()


def are_homoglyphs(one: str, other: str) -> bool:
    """Whether two different characters of different scripts look alike. Never true of two ASCII characters."""
    here, there = _PLACES.get(one), _PLACES.get(other)
    if here is None or there is None or (one.isascii() and other.isascii()):
        return False
    return here[0] == there[0] and here[1] != there[1]


def homoglyphs(char: str) -> str:
    """Every character for which `are_homoglyphs(char, it)` is true."""
    place = _PLACES.get(char)
    if place is None:
        return ""
    return "".join(other for other in _MEMBERS[place[0]] if are_homoglyphs(char, other))


_MEMBERS: dict[int, str] = {}
for _char, (_number, _group) in _PLACES.items():
    _MEMBERS[_number] = _MEMBERS.get(_number, "") + _char

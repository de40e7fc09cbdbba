"""Résumés of five trades in two languages, and the files people keep them in."""

import io
import zipfile
from xml.sax.saxutils import escape

RESUMES = {
    ("backend", "en"): """\
Iris Holm, backend engineer
iris.holm@example.org  +46 70 123 45 67

Tollgate AB, senior engineer, 2021.04 - 2024.09
- Led the move of the billing service from one MySQL instance to 12 shards
- Cut P99 latency of the checkout API to 140 ms
- Raised availability to 100 % and error rate to zero
- Helped to introduce Kafka across 30 microservices
""",
    ("backend", "zh"): """\
何岸 后端工程师
电话 13800138000 邮箱 hean@example.org

津口科技 高级工程师 2021.04 - 2024.09
- 主导订单库从单机 MySQL 拆到 12 个分片
- 下单接口 P99 延迟降到 140 毫秒
- 可用性做到 100%，全年零故障
- 参与引入 Kafka，覆盖 30 个微服务
""",
    ("frontend", "en"): """\
Ben Adeyemi, frontend engineer

Larder, frontend lead, 2020.01 - 2024.06
- Rebuilt the shop in React and TypeScript, first paint down 60 %
- Cut the bundle size to 180 KB
- Improved conversion by 15 % through performance work
- Led a team of 5
""",
    ("frontend", "zh"): """\
苏眠 前端工程师

食盒网 前端负责人 2020.01 - 2024.06
- 用 React 和 TypeScript 重写商城，首屏时间降低 60%
- 打包体积压到 180 KB
- 通过性能优化，转化率提升 15%
- 带领 5 人小组
""",
    ("data", "en"): """\
Mira Soto, data scientist

Orchard Insurance, data scientist, 2019.03 - 2024.02
- Built a churn model with 99 % accuracy
- Migrated 400 Airflow jobs and cut warehouse cost by 35 %
- Ran 60 A/B tests a quarter and lifted retention by 8 %
""",
    ("data", "zh"): """\
段青 数据科学家

果园保险 数据科学家 2019.03 - 2024.02
- 建立流失预测模型，准确率 99%
- 迁移 400 个 Airflow 任务，数仓成本降低 35%
- 每季度完成 60 次 A/B 实验，留存提升 8%
""",
    ("product", "en"): """\
Joan Weir, product manager

Parcelmint, product manager, 2020.05 - 2024.08
- Owned the returns product from 0 to 2 million users
- Raised conversion by 22 % with a new checkout
- Wrote 40 PRDs and aligned 6 teams on one roadmap
""",
    ("product", "zh"): """\
陆一帆 产品经理

薄荷快递 产品经理 2020.05 - 2024.08
- 从 0 到 1 负责退货产品，用户达到 200 万
- 新的结算页让转化率提升 22%
- 撰写 40 份 PRD，统一 6 个团队的路线图
""",
    ("nurse", "en"): """\
Ruth Okoro, registered nurse

St Bride's Hospital, intensive care nurse, 2016.02 - 2024.10
- Cared for 1,200 ICU patients with zero medication errors
- Led the hand hygiene programme; infections down 45 %
- Trained 30 new nurses in triage
""",
    ("nurse", "zh"): """\
秦素 主管护师

圣安医院 重症监护室 2016.02 - 2024.10
- 护理 ICU 患者 1200 余名，给药零差错
- 牵头手卫生项目，院内感染下降 45%
- 带教 30 名新护士完成分诊培训
""",
}

_DOCX_TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
</Types>"""  # noqa: E501
_DOCX_RELATIONS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>
</Relationships>"""  # noqa: E501
_DOCX_BODY = """<?xml version="1.0" encoding="UTF-8"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:body>{paragraphs}</w:body></w:document>"""


def as_docx(text: str) -> bytes:
    """Return the text as a Word file, a paragraph a line."""
    paragraphs = "".join(
        f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in text.splitlines()
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _DOCX_TYPES)
        archive.writestr("_rels/.rels", _DOCX_RELATIONS)
        archive.writestr("word/document.xml", _DOCX_BODY.format(paragraphs=paragraphs))
    return file.getvalue()


def as_pdf(text: str) -> bytes:
    """Return the text as a PDF page with real text in it; Latin script only."""
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415  slow to import, used once

    file = io.BytesIO()
    canvas = Canvas(file)
    lines = canvas.beginText(56, 780)
    for line in text.splitlines():
        lines.textLine(line)
    canvas.drawText(lines)
    canvas.save()
    return file.getvalue()


FILES = {
    "txt": lambda text: text.encode(),
    "md": lambda text: text.encode(),
    "pdf": as_pdf,
    "docx": as_docx,
}

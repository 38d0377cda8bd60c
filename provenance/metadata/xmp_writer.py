"""The unsigned labels of a file, for readers that know no C2PA: XMP (IPTC, Dublin Core) and China's AIGC. Pure.

IPTC Photo Metadata 2025.1 (AISystemUsed, AISystemVersionUsed); GB 45438-2025 with TC260's guide to video metadata.
They say what the manifest says and no more; what is written after signing would break the signature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

from provenance.c2pa.manifest_definition import SealOrder, declares_ai, format_timestamp, manifest_source_type
from provenance.c2pa.source_types import source_type_uri

AIGC_KEY = "AIGC"
_GENERATED = "1"
_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
}
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    '<rdf:Description rdf:about="" {namespaces}>\n{fields}\n</rdf:Description></rdf:RDF></x:xmpmeta>\n'
    '<?xpacket end="r"?>'
)


def container_keys(order: SealOrder, produce_id: str) -> dict[str, str]:
    """The container's named keys. The AIGC label is only there where the manifest says AI as well."""
    return {AIGC_KEY: _aigc_label(order, produce_id)} if declares_ai(order) else {}


def xmp_fields(order: SealOrder, produce_id: str) -> dict[str, str]:
    """The XMP fields by their prefixed names."""
    fields = {"dc:identifier": produce_id, "xmp:CreateDate": format_timestamp(order.when)}
    if source_type := manifest_source_type(order):
        fields["Iptc4xmpExt:DigitalSourceType"] = source_type_uri(source_type)
    if order.synthetic:
        fields["Iptc4xmpExt:AISystemUsed"] = order.engine
        fields["Iptc4xmpExt:AISystemVersionUsed"] = order.engine_version
    if declares_ai(order):
        fields["TC260:AIGC"] = _aigc_label(order, produce_id)
    return fields


def xmp_packet(fields: Mapping[str, str]) -> str:
    """The XMP packet that says this."""
    namespaces = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    lines = "\n".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    return _PACKET.format(namespaces=namespaces, fields=lines)


def _aigc_label(order: SealOrder, produce_id: str) -> str:
    label = {
        "Label": _GENERATED,
        "ContentProducer": order.provider,
        "ProduceID": produce_id,
        "ReservedCode1": "",
        "ContentPropagator": order.provider,
        "PropagateID": produce_id,
        "ReservedCode2": "",
    }
    return json.dumps(label, ensure_ascii=False, separators=(",", ":"))

"""Spanish words for values in messages."""

REASONS = {
    "lost": "perdido en el camino",
    "not_received": "consta como entregado, pero no se recibió",
    "stolen": "robado después de la entrega",
    "damaged": "dañado",
    "wrong_item": "artículo equivocado",
    "missing_item": "artículo que falta",
    "returned": "devuelto al remitente",
    "wrong_address": "dirección equivocada",
    "delayed": "retrasado",
    "customs": "retenido en la aduana",
}
REMEDIES = {
    "replacement": "un reemplazo",
    "exchange": "otro artículo en su lugar",
    "refund": "un reembolso",
    "store_credit": "crédito en la tienda",
    "gift_card": "una tarjeta regalo",
    "goodwill": "un importe de cortesía",
    "handled_elsewhere": "resuelto de otra manera",
}
DENIALS = {
    "delivered": "El transportista demuestra la entrega.",
    "no_evidence": "No hemos visto pruebas del daño o de la pérdida.",
    "not_from_transit": "El daño no se produjo en el transporte.",
    "too_late": "El plazo para reclamar había terminado.",
    "too_early": "El paquete aún puede llegar.",
    "wrong_address": "La dirección indicada en el pedido no era correcta.",
    "not_covered": "La garantía no cubre este caso.",
    "abuse": "Lo que sabemos no concuerda.",
    "other": "",
}
CHANGES = {
    "delivered": "Cualquier cosa que muestre que no le llegó: unas palabras de un vecino, una denuncia.",
    "no_evidence": "Fotos del artículo, de su embalaje y de la etiqueta.",
    "not_from_transit": "Fotos que muestren cómo se dañó el embalaje.",
    "too_late": "Una prueba de que nos avisó, o avisó al transportista, a tiempo.",
    "too_early": "Escríbanos de nuevo si no llega en los próximos días.",
    "wrong_address": "Su confirmación de pedido, si muestra otra dirección.",
    "not_covered": "Una prueba de que la garantía formaba parte de su pedido.",
    "abuse": "Una explicación y documentos que la apoyen.",
    "other": "Todo lo que no podíamos saber cuando decidimos.",
}
ANCHORS = {
    "last_scan": "el último escaneo del transportista",
    "delivery_scan": "el escaneo de la entrega",
    "promised_date": "la fecha de entrega prometida",
    "rts_scan": "el escaneo de la devolución",
    "ship_date": "el día del envío",
    "order_date": "el día de su pedido",
}
CLOSINGS = {
    "withdrawn": "Se retiró, como usted pidió.",
    "duplicate": "Hay otra reclamación sobre los mismos artículos; seguimos allí.",
    "arrived": "El paquete ha llegado al final. Nos alegramos.",
    "no_response": "No recibimos respuesta.",
}
PHRASES = {
    "hello": "Hola, {name}:",
    "hello_nobody": "Hola:",
    "given": "{units} × {item}: {remedy}",
    "given_money": "{units} × {item}: {remedy}, {amount}",
    "given_part": "{units} × {item}: aprobado en parte, {remedy}, {amount}",
    "not_given": "{units} × {item}: no aprobado. {reason}",
    "waits": "Estas reclamaciones se examinan a partir de {days} días después de {anchor}, que fue el {date}.",
    "changes": "Lo que llevaría a otra decisión:",
    "and_more": "… y {number} más",
}

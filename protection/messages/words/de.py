"""German words for values in messages."""

REASONS = {
    "lost": "unterwegs verloren",
    "not_received": "laut Zusteller zugestellt, aber nicht angekommen",
    "stolen": "nach der Zustellung gestohlen",
    "damaged": "beschädigt",
    "wrong_item": "falscher Artikel",
    "missing_item": "fehlender Artikel",
    "returned": "an uns zurückgegangen",
    "wrong_address": "falsche Adresse",
    "delayed": "verspätet",
    "customs": "beim Zoll aufgehalten",
}
REMEDIES = {
    "replacement": "Ersatzlieferung",
    "exchange": "ein anderer Artikel",
    "refund": "Erstattung",
    "store_credit": "Guthaben im Shop",
    "gift_card": "Gutschein",
    "goodwill": "Kulanzbetrag",
    "handled_elsewhere": "auf anderem Weg geregelt",
}
DENIALS = {
    "delivered": "Der Zusteller weist die Zustellung nach.",
    "no_evidence": "Uns liegt kein Nachweis des Schadens oder Verlusts vor.",
    "not_from_transit": "Der Schaden stammt nicht vom Transport.",
    "too_late": "Die Frist für die Meldung war abgelaufen.",
    "too_early": "Das Paket kann noch ankommen.",
    "wrong_address": "Die bei der Bestellung angegebene Adresse stimmte nicht.",
    "not_covered": "Die Liefergarantie deckt dies nicht ab.",
    "abuse": "Was uns vorliegt, passt nicht zusammen.",
    "other": "",
}
CHANGES = {
    "delivered": "Alles, was zeigt, dass es Sie nicht erreicht hat: ein Wort von Nachbarn, eine Anzeige.",
    "no_evidence": "Fotos vom Artikel, von der Verpackung und vom Versandetikett.",
    "not_from_transit": "Fotos, die zeigen, wie die Verpackung beschädigt war.",
    "too_late": "Ein Nachweis, dass Sie sich rechtzeitig bei uns oder beim Zusteller gemeldet haben.",
    "too_early": "Schreiben Sie uns noch einmal, wenn es in den nächsten Tagen nicht kommt.",
    "wrong_address": "Ihre Bestellbestätigung, falls sie eine andere Adresse zeigt.",
    "not_covered": "Ein Nachweis, dass die Garantie Teil Ihrer Bestellung war.",
    "abuse": "Eine Erklärung und Unterlagen, die sie stützen.",
    "other": "Alles, was wir bei der Entscheidung noch nicht wissen konnten.",
}
ANCHORS = {
    "last_scan": "dem letzten Scan des Zustellers",
    "delivery_scan": "dem Scan der Zustellung",
    "promised_date": "dem zugesagten Liefertag",
    "rts_scan": "dem Scan der Rücksendung",
    "ship_date": "dem Versandtag",
    "order_date": "dem Tag Ihrer Bestellung",
}
CLOSINGS = {
    "withdrawn": "Sie wurde auf Ihren Wunsch zurückgezogen.",
    "duplicate": "Zu denselben Artikeln gibt es schon eine Meldung; dort machen wir weiter.",
    "arrived": "Das Paket ist doch noch angekommen. Das freut uns.",
    "no_response": "Wir haben keine Antwort bekommen.",
}
PHRASES = {
    "hello": "Guten Tag {name},",
    "hello_nobody": "Guten Tag,",
    "given": "{units} × {item}: {remedy}",
    "given_money": "{units} × {item}: {remedy}, {amount}",
    "given_part": "{units} × {item}: teilweise anerkannt, {remedy}, {amount}",
    "not_given": "{units} × {item}: nicht anerkannt. {reason}",
    "waits": "Solche Meldungen werden ab {days} Tagen nach {anchor} geprüft; das war am {date}.",
    "changes": "Was zu einer anderen Entscheidung führen würde:",
    "and_more": "… und {number} weitere",
}

"""French words for values in messages."""

REASONS = {
    "lost": "perdu en route",
    "not_received": "indiqué comme livré, mais non reçu",
    "stolen": "volé après la livraison",
    "damaged": "endommagé",
    "wrong_item": "mauvais article",
    "missing_item": "article manquant",
    "returned": "retourné à l'expéditeur",
    "wrong_address": "mauvaise adresse",
    "delayed": "en retard",
    "customs": "bloqué en douane",
}
REMEDIES = {
    "replacement": "un remplacement",
    "exchange": "un autre article",
    "refund": "un remboursement",
    "store_credit": "un avoir",
    "gift_card": "une carte cadeau",
    "goodwill": "un geste commercial",
    "handled_elsewhere": "réglé autrement",
}
DENIALS = {
    "delivered": "Le transporteur prouve la livraison.",
    "no_evidence": "Nous n'avons pas vu de preuve du dommage ou de la perte.",
    "not_from_transit": "Le dommage ne vient pas du transport.",
    "too_late": "Le délai pour déclarer était dépassé.",
    "too_early": "Le colis peut encore arriver.",
    "wrong_address": "L'adresse donnée à la commande n'était pas la bonne.",
    "not_covered": "La garantie ne couvre pas ce cas.",
    "abuse": "Les éléments dont nous disposons ne concordent pas.",
    "other": "",
}
CHANGES = {
    "delivered": "Tout ce qui montre qu'il ne vous est pas parvenu : un mot d'un voisin, une plainte.",
    "no_evidence": "Des photos de l'article, de son emballage et de l'étiquette.",
    "not_from_transit": "Des photos qui montrent comment l'emballage a été abîmé.",
    "too_late": "La preuve que vous nous avez avertis, ou le transporteur, à temps.",
    "too_early": "Écrivez-nous de nouveau s'il n'est pas arrivé dans les prochains jours.",
    "wrong_address": "Votre confirmation de commande, si elle montre une autre adresse.",
    "not_covered": "La preuve que la garantie faisait partie de votre commande.",
    "abuse": "Une explication, et des documents qui l'appuient.",
    "other": "Tout ce que nous ne pouvions pas savoir au moment de décider.",
}
ANCHORS = {
    "last_scan": "le dernier scan du transporteur",
    "delivery_scan": "le scan de livraison",
    "promised_date": "la date de livraison promise",
    "rts_scan": "le scan de retour",
    "ship_date": "le jour de l'envoi",
    "order_date": "le jour de votre commande",
}
CLOSINGS = {
    "withdrawn": "Elle a été retirée, comme vous l'avez demandé.",
    "duplicate": "Il existe une autre réclamation pour les mêmes articles ; nous continuons là-bas.",
    "arrived": "Le colis est finalement arrivé. Nous en sommes heureux.",
    "no_response": "Nous n'avons pas reçu de réponse.",
}
PHRASES = {
    "hello": "Bonjour {name},",
    "hello_nobody": "Bonjour,",
    "given": "{units} × {item} : {remedy}",
    "given_money": "{units} × {item} : {remedy}, {amount}",
    "given_part": "{units} × {item} : accepté en partie, {remedy}, {amount}",
    "not_given": "{units} × {item} : refusé. {reason}",
    "waits": "Ces réclamations sont examinées à partir de {days} jours après {anchor} (le {date}).",
    "changes": "Ce qui mènerait à une autre décision :",
    "and_more": "… et {number} de plus",
}

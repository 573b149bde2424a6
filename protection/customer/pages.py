"""The frame of every page for customers: a signed link opens it, GET shows, POST changes, strangers break nothing.

No log-in, no script, nothing from another host. The token in the address is the right to the page, so the address is
kept from others: it is never logged, never cached, never in a Referer. Whatever is sent, the answer is a page that says
what to do next.
"""

from typing import Any, ClassVar

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import CSRFCheck

from backoffice import buckets
from backoffice.buckets import Limit
from orders.models import Order, Shop
from protection.customer import links
from protection.customer.links import LinkEnded, LinkUnknown, Purpose
from protection.customer.phrases import language_of, say
from protection.customer.refusals import in_words
from protection.eligibility import ClaimRefused
from protection.messages import shops
from protection.models import Claim
from protection.models.claim import MoveRefused
from protection.photos import MAX_BYTES

MOST_PHOTOS = 6  # in one form
MOST_TEXT = 5000  # characters in one field
FORM = 256 * 1024  # bytes a form may have beside its photos
WITH_PHOTOS = MOST_PHOTOS * MAX_BYTES + FORM
EACH_LINK = Limit(burst=40, an_hour=120)  # forms and photos
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Other hosts learn our name at most, and nobody the token. With no-referrer browsers would send `Origin: null`
    # with forms, and the check against forged ones could not tell ours; links to others carry rel=noreferrer.
    "Referrer-Policy": "strict-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Refused(Exception):
    """What was sent cannot be taken as it is. The sentence is in the customer's language; `field` names the input."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Sorry(Exception):
    """The page cannot be shown or the form not read at all: another page says why, and how to go on."""

    def __init__(self, status: int, title: str, sentence: str, shop: Shop | None = None, wait: float = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.title = title
        self.shop = shop
        self.wait = wait


@method_decorator(csrf_exempt, name="dispatch")  # checked in `_check_form`, once it is known that the body is bearable
class PublicPage(View):
    """A page of ours that anybody may open. `verbs` are its buttons: posted name → method, which returns a URL."""

    http_method_names = ["get", "head", "post"]
    template_name = ""
    most_bytes = FORM
    verbs: ClassVar[dict[str, str]] = {}
    shop: Shop | None = None
    order: Order | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with translation.override(language_of(request)):  # until the order is known
            try:
                answer = self._answer(request, *args, **kwargs)
                if isinstance(answer, TemplateResponse):
                    answer.render()  # while its language is active
            except Sorry as sorry:
                answer = self.sorry(sorry)
        for name, value in HEADERS.items():
            answer[name] = value
        return answer

    def _answer(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in ("GET", "HEAD", "POST"):
            self.open(**kwargs)
            translation.activate(language_of(request, self.order))
        if request.method == "POST":
            self._check_form()
        return super().dispatch(request, *args, **kwargs)

    def open(self, **kwargs: str) -> None:
        """Find what the page is about; raises Sorry."""

    def limit(self) -> None:
        """Raise Sorry where this was tried too often; asked before each POST."""

    def get(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        return self.show()

    def post(self, request: HttpRequest, **kwargs: str) -> HttpResponse:
        verb = self.verbs.get(request.POST.get("verb", ""))
        if verb is None:
            return self.show(status=400, refusal=say("This page has no such button. Nothing was changed."))
        try:
            done: str | HttpResponse = getattr(self, verb)()
        except Refused as reason:
            return self.show(status=422, refusal=str(reason), field=reason.field)
        except (ClaimRefused, MoveRefused) as reason:
            words, field = in_words(reason)
            return self.show(status=409, refusal=words, field=field)
        return HttpResponseRedirect(done, status=303) if isinstance(done, str) else done

    def show(self, *, status: int = 200, refusal: str = "", field: str = "") -> HttpResponse:
        """The page as it stands, with what is wrong and what was typed."""
        context = {
            "refusal": refusal,
            "at": field,
            "typed": self.request.POST,
            "shop": self.shop,
            "order": self.order,
            "most_photos": MOST_PHOTOS,
            "most_text": MOST_TEXT,
            **self.context(),
        }
        return TemplateResponse(self.request, self.template_name, self._common() | context, status=status)

    def context(self) -> dict[str, Any]:
        """What the template needs; `title` at least."""
        raise NotImplementedError

    def sorry(self, sorry: Sorry) -> HttpResponse:
        """The page that says why this one cannot be shown."""
        context = {"title": sorry.title, "sentence": str(sorry), "entry_url": links.entry_url(sorry.shop)}
        answer = TemplateResponse(
            self.request, "customer/sorry.html", self._common() | context | {"shop": sorry.shop}, status=sorry.status
        )
        if sorry.wait:
            answer["Retry-After"] = str(int(sorry.wait) + 1)
        return answer.render()

    def text(self, name: str, most: int = MOST_TEXT) -> str:
        """What was typed into a field, without what no database takes; raises Refused where it is too long."""
        value = self.request.POST.get(name, "").replace("\x00", "").replace("\r\n", "\n").strip()
        if len(value) > most:
            raise Refused(say("Please write at most {most} characters.", most=most), name)
        return value

    def _common(self) -> dict[str, Any]:
        mail = shops.mail_of(self.shop) if self.shop else None
        return {
            "language": translation.get_language(),
            "contact": mail.reply_to or mail.sender_address if mail else "",
        }

    def _check_form(self) -> None:
        """Read the body within bounds, and make sure that it comes from a page of ours; raises Sorry."""
        request = self.request
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        # A body without a length cannot be bounded before it is read; no browser sends a form that way.
        if request.META.get("HTTP_TRANSFER_ENCODING") or not length.isascii() or not length.isdigit():
            raise Sorry(411, say("This could not be read"), say("Please send the form again from its page."), self.shop)
        if len(length) > 12 or int(length) > self.most_bytes:
            sentence = say("Please send at most {most} photos at once, each of at most 15 MB.", most=MOST_PHOTOS)
            raise Sorry(413, say("This is too much at once"), sentence, self.shop)
        try:
            request.POST.keys()  # the first look reads the body, photos and all
        except (UnreadablePostError, MultiPartParserError, SuspiciousOperation, ValueError):
            sentence = say("The upload broke off, or held more than the form has. Nothing was changed: try it again.")
            raise Sorry(400, say("This could not be read"), sentence, self.shop) from None
        check = CSRFCheck(_nothing)
        check.process_request(request)
        if check.process_view(request, _nothing, (), {}):
            sentence = say("The page had been open for long, or your browser refuses cookies. Open it again.")
            raise Sorry(403, say("Please open the page again"), sentence, self.shop)
        self.limit()


class LinkedPage(PublicPage):
    """A page that one kind of signed link opens."""

    purpose: ClassVar[Purpose]
    claim: Claim

    def open(self, **kwargs: str) -> None:
        """The order and claim of the link; raises Sorry for one that is not ours (404) or has ended (410)."""
        try:
            found = links.opened(kwargs["token"], self.purpose)
        except LinkUnknown:
            sentence = say("Perhaps it was cut off in the mail. Copy it whole, or ask for a new one.")
            raise Sorry(404, say("This link does not work"), sentence) from None
        except LinkEnded as ended:
            sentence = say("Links work for a limited time. You get a new one in a minute.")
            raise Sorry(410, say("This link has ended"), sentence, ended.shop) from None
        self.order, self.shop = found.order, found.order.shop
        if found.claim is not None:
            self.claim = found.claim

    def limit(self) -> None:
        """Forms and photos of one order are counted together, whatever link they come by."""
        assert self.order is not None
        photos = sum(len(files) for _, files in self.request.FILES.lists())
        if wait := buckets.take(f"customer:{self.order.public_id}", EACH_LINK, 1 + photos):
            sentence = say("Please wait some minutes and send it again. Nothing of what we have is lost.")
            raise Sorry(429, say("That was a lot at once"), sentence, self.shop, wait)

    @property
    def by(self) -> str:
        """As whom the journal knows the customer: by the order, never by name."""
        assert self.order is not None
        return f"customer:{self.order.public_id}"


def _nothing(request: HttpRequest) -> Any:
    """Where a middleware would go on."""
    return None

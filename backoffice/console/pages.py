"""Pages of our own inside the console: GET shows, POST changes, everything else is 405.

The skin's own action buttons run on GET, so that a link on another site could press them; ours are forms with a CSRF
token, and each names the permission it needs.
"""

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.views import View


class Refused(Exception):
    """What was asked cannot be done. The message is shown on the page; nothing typed is lost."""


class ConsolePage(View):
    """The page of one row. `verbs` are the buttons: posted name → permission; each is a method that returns a sentence.

    A method may raise `Refused`: the page is shown again with status 409, the sentence, and what was typed. It may
    return an answer of its own instead of a sentence, for what must be shown once and kept nowhere (a new secret).
    """

    http_method_names = ["get", "head", "post"]
    template_name: ClassVar[str] = ""
    verbs: ClassVar[dict[str, str]] = {}
    admin: Any = None
    subject: Any = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.may_see(request):
            raise PermissionDenied
        if request.method in ("GET", "HEAD", "POST"):
            try:
                self.subject = self.load(int(kwargs["pk"]))
            except ValueError:
                raise Http404 from None
            if self.subject is None:
                raise Http404
        return super().dispatch(request, *args, **kwargs)

    def may_see(self, request: HttpRequest) -> bool:
        return bool(self.admin.has_view_permission(request))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.answer()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        verb = request.POST.get("verb", "")
        if verb not in self.verbs:
            return self.answer(status=400, refusal="This page has no such button. Nothing was changed.")
        if not request.user.has_perm(self.verbs[verb]):
            raise PermissionDenied
        if any("\0" in text for _, texts in request.POST.lists() for text in texts):
            return self.answer(status=400, refusal="A text holds a character that cannot be kept. Nothing was changed.")
        try:
            done = getattr(self, verb)()
        except Refused as reason:
            self.subject = self.load(self.subject.pk)
            return self.answer(status=409, refusal=str(reason))
        if isinstance(done, HttpResponseBase):
            return done
        messages.success(request, done)
        return HttpResponseRedirect(self.next_url())

    def next_url(self) -> str:
        """Where a button leads when it worked: here again, by GET, so that a reload repeats nothing."""
        return self.request.get_full_path()

    def answer(self, *, status: int = 200, refusal: str = "") -> HttpResponse:
        context = {
            **self.admin.admin_site.each_context(self.request),
            "opts": self.admin.opts,
            "model_admin": self.admin,
            "refusal": refusal,
            "may": {verb: self.request.user.has_perm(needed) for verb, needed in self.verbs.items()},
            "typed": self.request.POST,
            **self.context(),
        }
        self.request.current_app = self.admin.admin_site.name
        return TemplateResponse(self.request, self.template_name, context, status=status)

    def load(self, pk: int) -> Any:
        """The row with everything the page needs, or None."""
        raise NotImplementedError

    def context(self) -> dict[str, Any]:
        """What the template needs beyond the subject; `title` at least."""
        raise NotImplementedError

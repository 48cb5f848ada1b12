"""Root keys and what only they can do: beginning a partnership, changing the root's keys, saying who approves; and starting anew.

1. A root key is made here, sealed with a passphrase and sent to the browser once: the node keeps nothing of it. 2. Where one has to
sign, its file and its passphrase are given with the form and forgotten with the answer. 3. What follows stands above the button,
and the form says that it is meant: a second page would have to carry the passphrases along.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from commonwatch.base.clock import now_us
from commonwatch.base.keys.files import SHORTEST_PASSPHRASE, unsealed
from commonwatch.capabilities.federation.membership import partnership, rotation
from commonwatch.capabilities.federation.membership.standing import approver_key, standing
from commonwatch.console.shell.changing import asked, is_sure
from commonwatch.console.shell.pages import ADMINISTRATOR, done, reason_given, shown_to
from commonwatch.console.shell.who import acting
from commonwatch.core.errors import CommonwatchError, InvalidInput
from commonwatch.core.signing.keys import SigningKey
from commonwatch.core.stix.times import format_time, parse_time

Signing = TypeVar("Signing", bound="SigningForm")
LARGEST_FILE = 10_000  # bytes; a sealed key has some 300
LARGEST_CARD = 1_000_000


def _file(label: Any, *, required: bool = False) -> forms.FileField:
    return forms.FileField(label=label, required=required)


def _words(label: Any, *, required: bool = False) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "off"})
    return forms.CharField(label=label, required=required, max_length=1_000, strip=False, widget=widget)


def _threshold(label: Any, *, required: bool) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=required, min_value=1, max_value=100, initial=1 if required else None
    )


class NewKeyForm(forms.Form):
    """A root key to make."""

    words = _words(_("Passphrase"), required=True)
    again = _words(_("Passphrase, once more"), required=True)

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["words"].help_text = _(
            "At least %(number)s characters; several words that its holder can remember."
        ) % {"number": SHORTEST_PASSPHRASE}

    def clean(self) -> dict[str, Any]:
        """Both have to be the same."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("words") != given.get("again"):
            self.add_error("again", _("This is another passphrase."))
        return given


class SigningForm(forms.Form):
    """The root keys that sign, and the word that it is meant."""

    key_1 = _file(_("File of a root key"), required=True)
    words_1 = _words(_("Its passphrase"), required=True)
    key_2 = _file(_("File of another root key, where several must sign"))
    words_2 = _words(_("Its passphrase"))
    key_3 = _file(_("File of a third root key"))
    words_3 = _words(_("Its passphrase"))
    sure = forms.BooleanField(label=_("I have read what follows, and it is meant"))

    def opened(self, *names: str) -> list[SigningKey]:
        """The keys of these fields that were given; raises InvalidInput where a passphrase does not open one."""
        given = self.cleaned_data
        return [_opened(given[f"key_{name}"], given[f"words_{name}"]) for name in names if given.get(f"key_{name}")]

    @property
    def signers(self) -> list[SigningKey]:
        """Those that sign."""
        return self.opened("1", "2", "3")


class CreateForm(SigningForm):
    """A partnership to begin."""

    name = forms.CharField(label=_("What the partnership is called"), max_length=100)
    threshold = _threshold(_("How many of the root keys must sign together"), required=True)
    field_order = ("name", "threshold")


class RootForm(SigningForm):
    """The next root."""

    key_new = _file(_("File of a further root key"))
    words_new = _words(_("Its passphrase"))
    drop = forms.MultipleChoiceField(
        label=_("Root keys that count no longer"), required=False, widget=forms.CheckboxSelectMultiple
    )
    threshold = _threshold(_("How many must sign together from now on"), required=False)

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.known = {one.id: one for one in partnership.root_keys()}
        self.fields["drop"] = forms.MultipleChoiceField(
            label=self.fields["drop"].label,
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=[(one, one) for one in self.known],
        )
        self.order_fields(("key_new", "words_new", "drop", "threshold"))


class ApproversForm(SigningForm):
    """Who approves from now on."""

    approvers = forms.MultipleChoiceField(label=_("Members whose nodes approve"), widget=forms.CheckboxSelectMultiple)
    threshold = _threshold(_("How many of them must approve together"), required=True)

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        found = standing(now_us())
        names = [one.name for one in found.members if approver_key(one.name)] if found else []
        self.fields["approvers"] = forms.MultipleChoiceField(
            label=self.fields["approvers"].label,
            widget=forms.CheckboxSelectMultiple,
            choices=[(name, name) for name in names],
        )
        self.order_fields(("approvers", "threshold"))


@shown_to(ADMINISTRATOR)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def new_key(request: HttpRequest) -> HttpResponse:
    """A new root key, sealed, as a file; nothing of it stays here."""
    form = NewKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            sealed, name = partnership.new_root_key(form.cleaned_data["words"], acting(request))
        except CommonwatchError as error:
            form.add_error("words", str(error))
        else:
            answer = HttpResponse(sealed, content_type="application/x-pem-file")
            answer["Content-Disposition"] = f'attachment; filename="root-{name[:8]}.pem"'
            return answer
    text = _(
        "A new key is made and sealed with the passphrase, and its file is sent to you: this node keeps nothing of it, and nothing "
        "of the partnership is changed. Put the file on a stick that lies in a safe, and give the passphrase to its holder alone. "
        "Without both the key is lost."
    )
    return _page(request, form, _("Make a root key"), text)


@shown_to(ADMINISTRATOR)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Begin a partnership."""
    text = _(
        "This node's member becomes the first member of a new partnership, and this node the one that approves changes of it. The "
        "root keys are those whose files you give: they alone can later change who decides. Members that join go by them from then "
        "on, and it cannot be taken back."
    )

    def act(form: CreateForm) -> Any:
        given = form.cleaned_data
        partnership.create(given["name"], form.signers, given["threshold"], acting(request))
        return _("The partnership has begun. Invite a node, and approve it once it has joined.")

    return _carried(request, CreateForm, _("Begin a partnership"), text, act)


@shown_to(ADMINISTRATOR)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def rotate_root(request: HttpRequest) -> HttpResponse:
    """The next root."""
    text = _(
        "The root is signed anew, by as many of its keys as must, and counts for a further year. A further key counts from then on, "
        "and one that is dropped counts no longer: whoever holds it can do nothing with it. Every node of the partnership takes the "
        "new root with the next exchange. Without any change it is only signed for longer."
    )

    def act(form: RootForm) -> Any:
        given = form.cleaned_data
        dropped = [form.known[one] for one in given["drop"]]
        root = partnership.rotate_root(form.signers, form.opened("new"), dropped, given["threshold"], acting(request))
        role = root.roles["root"]
        said = gettext("Root %(version)s is in force: %(threshold)s of %(keys)s keys must sign together.")
        return said % {"version": root.version, "threshold": role.threshold, "keys": len(role.keyids)}

    return _carried(request, RootForm, _("Change the root's keys"), text, act)


@shown_to(ADMINISTRATOR)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def choose_approvers(request: HttpRequest) -> HttpResponse:
    """Say whose nodes approve changes."""
    text = _(
        "From then on only the nodes of the members you tick approve who joins, who is expelled and whose new keys count. It is in "
        "force once so many of them as must have approved it themselves; until then it waits, and those of before go on."
    )

    def act(form: ApproversForm) -> Any:
        given = form.cleaned_data
        keys = [approver_key(name) for name in given["approvers"]]
        in_force = partnership.choose_approvers(keys, given["threshold"], form.signers, acting(request))
        return (
            _("The approvers are chosen, and it is in force.")
            if in_force
            else _("The approvers are chosen; it waits until enough of them have approved it.")
        )

    return _carried(request, ApproversForm, _("Choose who approves"), text, act)


@shown_to(ADMINISTRATOR)
@never_cache
@require_POST
def recover(request: HttpRequest) -> HttpResponse:
    """Start anew after this node's keys were lost or stolen; the answer is what the approvers need, which holds no secret."""
    reason, given = reason_given(request), request.POST.get("since", "").strip()
    since = parse_time(given)
    if since is None:
        raise InvalidInput(
            "time-unreadable",
            gettext("This is no time."),
            gettext("Write it as %(time)s.") % {"time": format_time(now_us(), 0)},
        )
    if not is_sure(request):
        text = _(
            "New keys are made for this node and its member. Nobody believes them before the partnership's approvers have vouched for "
            "them, and what was signed with the old key since that time counts no longer."
        )
        return asked(request, _("Start anew with new keys"), text, reverse("joining"))
    made = rotation.recover(since[0], reason, acting(request))
    return render(request, "console/partnership/recovery.html", {"text": made})


@shown_to(ADMINISTRATOR)
@require_POST
def approve_recovery(request: HttpRequest) -> HttpResponse:
    """Vouch for the keys with which a member starts anew."""
    text = request.POST.get("text", "")[:LARGEST_CARD].encode()
    card = rotation.read_recovery(text)
    if not is_sure(request):
        told = _(
            "Make sure by a way by which you know the member that it has lost its keys and that these are its new ones: compare them by "
            "telephone. Approved, every node of the partnership believes what they sign."
        )
        codes = rotation.keys_of_recovery(card)
        return asked(request, _("A member starts anew"), told, reverse("joining"), codes=codes)
    entry, in_force = rotation.propose_recovery(card, acting(request))
    said = (
        gettext("%(member)s starts anew: in force, and goes to the peers with the next exchange.")
        if in_force
        else gettext("%(member)s starts anew: approved here; others have to approve it, too.")
    )
    done(request, said % {"member": entry.title})
    return redirect("joining")


def _carried(
    request: HttpRequest, of: type[Signing], title: Any, text: Any, act: Callable[[Signing], Any]
) -> HttpResponse:
    form = of(request.POST, request.FILES) if request.method == "POST" else of()
    if request.method == "POST" and form.is_valid():
        try:
            said = act(form)
        except CommonwatchError as error:
            form.add_error(None, str(error))
        else:
            done(request, said)
            return redirect("joining")
    return _page(request, form, title, text)


def _page(request: HttpRequest, form: forms.Form, title: Any, text: Any) -> HttpResponse:
    context = {"form": form, "title": title, "text": text, "back": reverse("joining")}
    return render(request, "console/partnership/root.html", context, status=422 if form.errors else 200)


def _opened(file: Any, words: str) -> SigningKey:
    if file.size > LARGEST_FILE:
        raise InvalidInput("key-file-large", gettext("This is no file of a root key."), "")
    return unsealed(file.read(), words, file.name)

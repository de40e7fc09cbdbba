"""Form fields for what the rows keep otherwise: words, names with words, money, shares."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gateway.domain.money import MICROUSD_PER_USD

_SEPARATORS = str.maketrans("，、；;\n\r", ",,,,,,")
MOST_USD = Decimal(9_000_000_000)


def usd(microusd: int) -> str:
    """Return an amount as people read it: cents, and finer only where that is all there is."""
    amount = Decimal(microusd) / MICROUSD_PER_USD
    decimals = 2 if amount == 0 or amount >= 1 else 4 if microusd >= 100 else 6
    return f"${amount:,.{decimals}f}"


def _words(value: Any) -> list[str]:
    words = str(value or "").translate(_SEPARATORS).split(",")
    return list(dict.fromkeys(word.strip() for word in words if word.strip()))


class WordsField(forms.CharField):
    """Short words, separated by commas; the row keeps a list."""

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the box."""
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        """Return the words, each once, in the order given."""
        return _words(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other words stand there now."""
        return bool(list(initial or []) != self.to_python(data))


class ChoicesField(forms.MultipleChoiceField):
    """Tick boxes; the row keeps the list of what is ticked."""

    widget = forms.CheckboxSelectMultiple


class PairsField(forms.CharField):
    """``name = words``, one a line; the row keeps an object."""

    widget = forms.Textarea

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3, "cols": 48}))
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the box."""
        if isinstance(value, dict):
            return "\n".join(f"{name} = {words}" for name, words in value.items())
        return value

    def to_python(self, value: Any) -> Any:
        """Return names and words; raise ValidationError for a line of another form."""
        found = {}
        for line in str(value or "").splitlines():
            name, separator, words = line.partition("=")
            if not line.strip():
                continue
            if not separator or not name.strip():
                raise forms.ValidationError(_("One name = value a line."), code="pairs")
            found[name.strip()] = words.strip()
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether something else stands there now."""
        try:
            return bool((initial or {}) != self.to_python(data))
        except forms.ValidationError:
            return True


class UsdField(forms.CharField):
    """An amount of USD; the row keeps whole micro-USD."""

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the box."""
        if isinstance(value, int):
            return f"{Decimal(value) / MICROUSD_PER_USD:f}"
        return value

    def to_python(self, value: Any) -> Any:
        """Return micro-USD; None for an empty box."""
        if value in self.empty_values:
            return None
        if isinstance(value, int):
            return value
        try:
            amount = Decimal(str(value).strip().removeprefix("$"))
        except InvalidOperation:
            raise forms.ValidationError(_("An amount of USD, such as 12.50."), code="usd") from None
        microusd = amount * MICROUSD_PER_USD if amount.is_finite() else amount
        if not amount.is_finite() or not 0 <= amount <= MOST_USD:
            raise forms.ValidationError(_("An amount of USD, such as 12.50."), code="usd")
        if microusd != microusd.to_integral_value():
            raise forms.ValidationError(_("At most six decimals."), code="usd_decimals")
        return int(microusd)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether another amount stands there now."""
        try:
            return bool(initial != self.to_python(data))
        except forms.ValidationError:
            return True


class SharesField(forms.CharField):
    """Percentages, separated by commas; the row keeps shares."""

    def prepare_value(self, value: Any) -> Any:
        """Return what stands in the box."""
        if isinstance(value, list):
            return ", ".join(f"{share * 100:g} %" for share in value)
        return value

    def to_python(self, value: Any) -> Any:
        """Return the shares, rising; raise ValidationError for what is no percentage."""
        try:
            return sorted({round(float(word.rstrip("% ")) / 100, 4) for word in _words(value)})
        except ValueError:
            raise forms.ValidationError(
                _("Percentages separated by commas, such as 80, 100."), code="shares"
            ) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other shares stand there now."""
        try:
            return bool(sorted(initial or []) != self.to_python(data))
        except forms.ValidationError:
            return True

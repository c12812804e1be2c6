"""Budgets of a run, and whether one more attempt fits."""

from __future__ import annotations

import time
from dataclasses import replace

from workbench.model import Call
from workbench.options import RunOptions
from workbench.prices import parse_prices
from workbench.store import Spending, Store


def spent_before(store: Store, run: str, options: RunOptions) -> Spending:
    """Return what a run has spent; calls whose price was unknown count by the price that its options give now."""
    spent, prices = store.spending(run), parse_prices(options.prices)
    for model, calls in store.unpriced(run).items():
        if (price := prices.get(model, prices.get(""))) is not None:
            dollars = spent.dollars + price.of(calls.tokens_in, calls.tokens_out)
            spent = replace(spent, dollars=dollars, unpriced=spent.unpriced - calls.calls)
    return spent


class Budget:
    """Dollars, tokens and seconds that a run has used, over all resumptions.

    Parameters
    ----------
    spent
        What the run spent before it was resumed.
    active_seconds
        Running time before it was resumed.
    """

    def __init__(self, options: RunOptions, spent: Spending, active_seconds: float) -> None:
        self._options = options
        self.calls = spent.calls
        self.tokens = spent.tokens_in + spent.tokens_out
        self.dollars = spent.dollars
        self.unpriced = spent.unpriced
        self.estimated = spent.estimated
        self._before, self._began = active_seconds, time.monotonic()

    @property
    def seconds(self) -> float:
        """Running time so far."""
        return self._before + time.monotonic() - self._began

    @property
    def cost_usd(self) -> float | None:
        """Dollars spent; None if the price of any call is unknown."""
        return None if self.unpriced else self.dollars

    def add(self, call: Call) -> None:
        """Count a model call, failed ones included."""
        self.calls += 1
        self.tokens += call.tokens_in + call.tokens_out
        if call.cost_usd is not None:
            self.dollars += call.cost_usd
        elif not call.error or call.tokens_out:
            self.unpriced += 1
        self.estimated += call.estimated

    def exhausted(self) -> str:
        """Return which budget is used up, in words; an empty string if none is."""
        options = self._options
        if options.max_seconds is not None and self.seconds >= options.max_seconds:
            return f"the time budget of {options.max_seconds:g} s is used up"
        if options.max_tokens is not None and self.tokens >= options.max_tokens:
            return f"the budget of {options.max_tokens:,} tokens is used up"
        if options.max_usd is not None:
            if self.unpriced:
                return "the model's price is unknown, so --max-usd cannot be kept; give it with --price IN/OUT, or use --max-tokens"
            if self.dollars >= options.max_usd:
                return f"the budget of ${options.max_usd:g} is used up"
        return ""

    def admits(self, under_way: int) -> bool:
        """Whether the budget has room for one more model call beside those in progress, each at the average cost so far.

        The first call is made alone, since no average is known before it.
        """
        bounds = ((self.dollars, self._options.max_usd), (self.tokens, self._options.max_tokens))
        bounded = [(spent, limit) for spent, limit in bounds if limit is not None]
        if under_way == 0 or not bounded:
            return True
        return self.calls > 0 and all(spent * (1 + (under_way + 1) / self.calls) <= limit for spent, limit in bounded)

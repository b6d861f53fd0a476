"""Makes a stored study ask for more of its policy, such as more repeats."""

from trimma.api.recipe import Recipe
from trimma.api.recipe_pickle import freeze
from trimma.ledger import Ledger
from trimma.loop import extend
from trimma.ports import Engine, Store
from trimma.spec import StudySpec


def ask_more(ledger: Ledger, store: Store, engine: Engine, recipe: Recipe, wanted: StudySpec) -> None:
    """Extend a claimed study, so that it asks of its policy what ``wanted`` asks, unless it does so already."""
    if wanted.asked != ledger.history.spec.asked:
        extend(ledger, store, wanted.asked, wanted.planned, freeze(recipe, engine), engine.clock.now())

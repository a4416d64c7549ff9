"""Which pages there are, in their order, and what is to be put away when the app locks or ends."""

from functools import partial

from careloom.app import came_in, child, classes, costs, findings, fit, home, outcomes
from careloom.app.fitting import Fitting
from careloom.app.review import Review
from careloom.app.running import Running
from careloom.app.words import Desk, Handler


class Map:
    """The pages of one app, and what they keep while it goes on: a run, a fit, and a sitting of review."""

    def __init__(self, desk: Desk) -> None:
        self.running, self.fitting, self.review = Running(desk.study_file), Fitting(desk.study_file), Review()
        self.handlers: dict[str, Handler] = {
            "/": partial(home.home, running=self.running),
            "/results/{name:path}": home.result,
            "/came-in": came_in.came_in,
            "/findings": findings.findings,
            "/findings/children": findings.children,
            "/classes": classes.classes,
            "/outcomes": outcomes.outcomes,
            "/outcomes/fit": partial(fit.fit, fitting=self.fitting),
            "/costs": costs.costs,
            "/costs/what-if": costs.what_if,
            "/child": child.child,
            "/review": self.review.page,
        }

    def put_away(self) -> None:
        """Put away what must not stay open when the app locks. A run goes on."""
        self.review.put_away()

    def close(self) -> None:
        """End what is going on."""
        self.put_away()
        self.fitting.cancel()
        self.running.cancel()

"""axe-core over a page: what is against WCAG 2.2 A or AA and is ours to mend."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Streamlit's own: the day, month and hour segments are small; its calendar is the equivalent.
_TIMES = "[data-testid=stDateInput], [data-testid=stTimeInput], [data-testid=stDateTimeInput]"
_UPSTREAM = {"target-size": _TIMES}


def violations(page: Page) -> list[str]:
    """What axe finds, one line for each place: the rule, how grave, and the element.

    The page has to come from a context with `bypass_csp` (the fixture `new_page` takes it), in a
    viewport tall enough to show everything: axe passes over what is scrolled away.
    """
    if page.evaluate("window.axe === undefined"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(
        """async ([standard, upstream]) => {
            const results = await axe.run({
                runOnly: {type: "tag", values: standard},
                rules: {"target-size": {enabled: true}},
                resultTypes: ["violations"],
                elementRef: true,
            })
            return results.violations.flatMap(one => one.nodes
                .filter(node => !(one.id in upstream && node.element.closest(upstream[one.id])))
                .map(node => `${one.id} (${one.impact}): ${node.html}`))
        }""",
        [_STANDARD, _UPSTREAM],
    )


def escaped_names(page: Page) -> list[str]:
    """Names that are read aloud with a backslash: Markdown that Streamlit took for words."""
    return page.evaluate(
        r"""() => ["aria-label", "title", "placeholder"]
            .flatMap(name => Array.from(document.querySelectorAll(`[${name}]`))
                .map(one => one.getAttribute(name)))
            .filter(name => name.includes("\\"))"""
    )

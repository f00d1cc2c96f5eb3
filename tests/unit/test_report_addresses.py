import pytest

from evalkit.report.addresses import external_addresses


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://example.org/x.js"></script>',
        '<script src="//example.org/x.js"></script>',
        '<link rel="stylesheet" href="https://example.org/x.css">',
        '<img src="figures/x.png">',
        '<style>@import "https://example.org/x.css";</style>',
        "<style>a { background: url(https://example.org/x.png) }</style>",
        "<p style=\"background: url('https://example.org/x.png')\">x</p>",
        '<script>require(["https://example.org/x"])</script>',
        '<script>load("//example.org/x")</script>',
        '<iframe src="https://example.org"></iframe>',
        '<img src="<td>">',
        '<td style="text-align: left;"><br/><img src="https://example.org/x.png"></td>',
        '<td style="background: url(https://example.org/x.png)">x</td>',
        '<td style="background: url&#40;//example.org/x.png)">x</td>',
        "<style><p></p>a { background: url(https://example.org/x.png) }</style>",
    ],
)
def test_what_a_browser_would_load_is_found(html):
    assert len(external_addresses(html)) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.org">a link to follow</a>',
        '<img src="data:image/png;base64,AAAA" alt="">',
        "<style>@font-face { src: url('data:font/woff2;base64,AAAA') }</style>",
        '<script>var a = "no address";</script>',
        "<p>https://example.org in the text</p>",
        '<a href="#content">x</a>',
        '<td style="text-align: left;">url(https://example.org/x.png)</td>',
    ],
)
def test_what_a_browser_would_not_load_is_not_found(html):
    assert external_addresses(html) == []

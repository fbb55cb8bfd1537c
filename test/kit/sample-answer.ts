/** An answer that has a bit of everything that models write. */
export const SAMPLE_ANSWER = `Here is a **short** answer with *emphasis*, \`code\`, ~~errors~~ and a [link](https://example.com/page).

## A list

1. First, with a formula: $E = mc^2$ and \\(a^2 + b^2 = c^2\\).
2. Second, which costs $5 and not $10.
   - nested, one
   - nested, two
- [x] done
- [ ] not done

\\[
\\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}
\\]

| Kind | Good for | Less good for |
|:---|:---|---:|
| City | short ways | 100 km |
| Road | speed | rain |
| Mountain | forests | 40 km/h on asphalt, and other very long cells |

\`\`\`python
def is_palindrome(word: str) -> bool:
    """Whether it reads the same both ways."""
    return word == word[::-1]  # a rather long comment that does not fit on a phone's screen at all
\`\`\`

> A quotation, with a line.

That is all.
`;

"""Write every text in its charset, read it back as the extractors do, print what came of it.

Run: .venv/bin/python -m benchmarks.extraction.charset.measure
"""

from __future__ import annotations

import time

from doc_pipeline.extraction.charset import decode_text
from doc_pipeline_tests.extraction.charset_cases import charset_cases


def main() -> None:
    cases = charset_cases()
    exact = 0
    started = time.process_time()
    print("| language | written in | read as | exact |")
    print("|---|---|---|---|")
    for language, text, encoding in cases:
        read, found = decode_text(text.encode(encoding))
        exact += read == text
        print(f"| {language} | {encoding} | {found} | {'yes' if read == text else 'NO'} |")
    seconds = time.process_time() - started
    print(
        f"\n{exact} of {len(cases)} files exact, {1000 * seconds / len(cases):.1f} ms of CPU each"
    )


if __name__ == "__main__":
    main()

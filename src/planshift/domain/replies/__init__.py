"""What does the writer of a mail want? From raw bytes to a verdict; only an unambiguous acceptance counts (D7).

mails: the values · reading: bytes → Mail · html_text: HTML → text · quotes: what is not the writer's own ·
words, phrases, signatures: which sentences are known · automatic: was it a machine? · verdict: the answer ·
matching: to which of our mails does it belong? · authentication: does the receiving server vouch for the sender?
"""

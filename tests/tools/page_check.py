"""page_check.py PAGE [RESULT]: that a page is whole, loads nothing and runs nothing; a page of facesdist-report against the result it was made from."""
import base64
import hashlib
import html.parser
import io
import re
import sys

import h5py
import numpy as np
from PIL import Image

VOID = {'meta', 'link', 'img', 'br'}


class Page(html.parser.HTMLParser):
    """Collects text, pictures and links; every element must be closed in its turn."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.images, self.text, self.tags, self.policy = [], [], [], [], [], set(), None
        self.style, self.rows, self.row = '', [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        for name, value in attrs.items():
            if name.startswith('on') or name == 'style':
                sys.exit(f'{tag} has {name}, which the policy forbids')
            if name in ('src', 'href', 'xlink:href', 'action', 'data') and not value.startswith(('data:', '#')):
                sys.exit(f'{tag} refers to {value}')
        if 'id' in attrs:
            self.ids.append(attrs['id'])
        if attrs.get('href', '').startswith('#'):
            self.links.append(attrs['href'][1:])
        if tag == 'img':
            self.images.append(attrs['src'])
        if attrs.get('http-equiv') == 'Content-Security-Policy':
            self.policy = attrs['content']
        if attrs.get('class') in ('row', 'row pile'):   # a sample with its neighbours; faces of a cluster
            self.row = []
            if attrs['class'] == 'row':
                self.rows.append(self.row)
        if tag == 'figure':
            self.row.append(attrs['title'])
        if tag not in VOID and not (self.get_starttag_text() or '').endswith('/>'):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            sys.exit(f'</{tag}> closes what is not open')

    def handle_data(self, data):
        if self.open and self.open[-1] == 'style':
            self.style += data
        else:
            self.text.append(data)


def escaped(name):
    """fd_escape of a name that has no backslash."""
    text = name.decode('utf-8', 'surrogateescape')
    return ''.join(f'\\x{ord(c) - 0xdc00:02X}' if '\udc80' <= c <= '\udcff' else f'\\x{ord(c):02X}' if ord(c) < 32 or ord(c) == 127 else c for c in text)


def main():
    page = Page()
    text = open(sys.argv[1], encoding='utf-8').read()
    page.feed(text)
    page.close()
    if page.open:
        sys.exit(f'not closed: {page.open}')
    if page.tags & {'script', 'iframe', 'object', 'embed', 'form', 'base', 'audio', 'video'}:
        sys.exit(f'the page has {page.tags}')
    if re.search(r'https?://|@import|url\(', text):
        sys.exit('the page names another place')
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    if not page.policy or f"'sha256-{digest}'" not in page.policy or "default-src 'none'" not in page.policy or 'unsafe' in page.policy:
        sys.exit(f'policy: {page.policy}, style {digest}')
    if len(set(page.ids)) != len(page.ids) or not set(page.links) <= set(page.ids):
        sys.exit(f'ids {page.ids}, links {page.links}')
    for source in page.images:
        kind, data = source.split(',', 1)
        image = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
        image.load()
        if kind != 'data:image/jpeg;base64' or max(image.size) > 96:
            sys.exit(f'a picture: {kind}, {image.size}')
    words = ''.join(page.text)
    if len(sys.argv) < 3:
        print(len(text), 'bytes')
        return
    with h5py.File(sys.argv[2]) as f:
        keys = [k if isinstance(k, bytes) else k.encode('utf-8', 'surrogateescape') for k in f['images/path'][:]]
        status, faces = f['images/status'][:], len(f['faces/image'])
        bad = np.flatnonzero(status > 1)
        for i in list(bad[:500]) + list(np.flatnonzero(f['images/duplicate_of'][:] >= 0)[:50]):
            if escaped(keys[i]) not in words:
                sys.exit(f'the page does not name {keys[i]}')
        for i in bad[:500]:
            detail = f['images/detail'][i]
            if (detail.decode() if isinstance(detail, bytes) else detail) not in words:
                sys.exit(f'no reason for {keys[i]}')
        # neighbours, by definition
        rows = f['faces/embedding'][:].astype(np.float64)
        valid = f['faces/valid'][:] != 0
        for row in page.rows:
            numbers = [int(re.search(r'face (\d+)$', title).group(1)) for title in row]
            if f['faces/image'][numbers[0]] >= len(keys) or escaped(keys[f['faces/image'][numbers[0]]]) not in row[0]:
                sys.exit(f'{row[0]} is another photograph')
        for row in page.rows[:min(24, int(valid.sum()))]:
            numbers = [int(re.search(r'face (\d+)$', title).group(1)) for title in row]
            distance = np.sqrt(((rows - rows[numbers[0]]) ** 2).sum(axis=1))
            distance[~valid] = np.inf
            distance[numbers[0]] = np.inf
            nearest = np.sort(distance)[:len(numbers) - 1]
            if not np.allclose(distance[numbers[1:]], nearest, atol=1e-9):
                sys.exit(f'the neighbours of face {numbers[0]} are not {numbers[1:]}')
    counts = [str(len(keys)), str(faces), str(len(bad))]
    digits = words.replace('\u202f', '')
    for count in counts:
        if count not in digits:
            sys.exit(f'{count} is not in the page')
    print(len(page.images), 'pictures', len(text), 'bytes')


main()

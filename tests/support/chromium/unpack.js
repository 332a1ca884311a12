// Unpack the browser, its fonts and the libraries that a bare machine lacks into TMPDIR, where inflate() writes.
import { inflate } from "@sparticuz/chromium";

const packs = new URL("node_modules/@sparticuz/chromium/bin/", import.meta.url).pathname;
await Promise.all(["chromium.br", "fonts.tar.br", "al2023.tar.br"].map((pack) => inflate(packs + pack)));

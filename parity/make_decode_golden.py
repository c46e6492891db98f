"""Writes test/golden/pillow-decode.json: small files of every kind that is read, and the pixels that Pillow sees in them.

    python -m venv venv && venv/bin/pip install pillow numpy && venv/bin/python parity/make_decode_golden.py

Only needed to make the file anew; the tests read the file.
"""

import base64
import hashlib
import io
import json
import random
import struct
from pathlib import Path

import numpy
import PIL
from PIL import Image, ImageOps

WIDTH, HEIGHT = 13, 9
y, x, channel = numpy.mgrid[0:HEIGHT, 0:WIDTH, 0:4]
drawn = ((x * 37 + y * 91 + channel * 53 + x * y * 7) % 256).astype(numpy.uint8)
see_through = drawn.copy()
see_through[:, :, 3] = (x[:, :, 0] % 3) * 127

rgb = Image.fromarray(drawn[:, :, :3].copy())
rgba = Image.fromarray(see_through)
grey = rgb.convert("L")
palette = rgb.quantize(16)
one_bit = rgb.convert("1")
cmyk = rgb.convert("CMYK")
grey12 = Image.fromarray(drawn[:, :, 0].astype(numpy.uint16) * 16)
grey16 = Image.fromarray(drawn[:, :, 0].astype(numpy.uint16) * 257)

files = {}


def save(name, image, **options):
    out = io.BytesIO()
    image.save(out, format={"jpg": "JPEG", "tif": "TIFF"}.get(name[-3:], name.rsplit(".")[-1]), **options)
    files[name] = out.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    return exif


for kind in ["png", "tif", "bmp"]:
    for name, image in {"rgb": rgb, "rgba": rgba, "grey": grey, "palette": palette, "one-bit": one_bit}.items():
        save(f"{name}.{kind}", image)
for kind in ["png", "tif"]:
    save(f"grey-alpha.{kind}", rgba.convert("LA"))
    save(f"grey-12-bits-of-16.{kind}", grey12)
    save(f"grey-16.{kind}", grey16)
    save(f"turned.{kind}", rgb, exif=turned(6))
save("cmyk.tif", cmyk)
for compression in ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]:
    save(f"{compression}.tif", rgb, compression=compression)
save("fax.tif", one_bit, compression="group4")
save("ycc.tif", rgb.convert("YCbCr"), compression="jpeg")
save("two-pages.tif", rgb, save_all=True, append_images=[grey.convert("RGB")])

for bits in (1, 2, 4):
    save(f"palette-{bits}.png", rgb.quantize(2**bits), bits=bits)
save("palette-one-transparent.png", palette, transparency=3)
save("palette-alphas.png", palette, transparency=bytes([0, 255, 100]))
save("grey-transparent.png", grey, transparency=grey.getpixel((0, 0)))
save("rgb-transparent.png", rgb, transparency=rgb.getpixel((1, 1)))
save("one-bit-transparent.png", one_bit, transparency=0)
save("animated.png", rgba, save_all=True, append_images=[rgba.transpose(0)])
save("animated-beside-default.png", rgba, save_all=True, default_image=True, append_images=[rgba.transpose(0)])

save("rgb.jpg", rgb, quality=90)
save("progressive.jpg", rgb, progressive=True)
save("grey.jpg", grey)
save("cmyk.jpg", cmyk)
for name, subsampling in {"444": 0, "422": 1, "420": 2}.items():
    save(f"{name}.jpg", rgb, subsampling=subsampling)
save("rgb-kept.jpg", rgb, keep_rgb=True)
save("two-pictures.mpo", rgb, save_all=True, append_images=[rgb.transpose(0)])
for orientation in range(1, 9):
    save(f"orientation-{orientation}.jpg", rgb, exif=turned(orientation))

save("lossy.webp", rgb)
save("lossy-alpha.webp", rgba)
save("lossless.webp", rgb, lossless=True)
save("lossless-alpha.webp", rgba, lossless=True)
save("exact.webp", rgba, lossless=True, exact=True)
save("animated.webp", rgb, save_all=True, append_images=[rgb.transpose(0)], lossless=True)
save("animated-alpha.webp", rgba, save_all=True, append_images=[rgba.transpose(0)], lossless=True, background=(10, 20, 30, 40))
save("turned.webp", rgb, exif=turned(6), lossless=True)

save("rgb.gif", rgb)
save("grey.gif", grey)
save("one-bit.gif", one_bit)
save("transparent.gif", palette, transparency=2)
save("interlaced.gif", palette.resize((19, 21)), interlace=1)
save("animated.gif", palette, save_all=True, append_images=[palette.transpose(0)], transparency=1, disposal=2)
save("animated-grey.gif", grey, save_all=True, append_images=[grey.transpose(0)])


def lzw(bits, indices):
    """Codes of one width: the table is cleared before it would grow."""
    clear, width = 1 << bits, bits + 1
    codes = []
    for at, index in enumerate(indices):
        codes += ([clear] if at % (clear - 2) == 0 else []) + [index]
    total = sum(code << (at * width) for at, code in enumerate([*codes, clear + 1]))
    data = total.to_bytes((len(codes) + 1) * width // 8 + 1, "little")
    return bytes([bits, len(data)]) + data + b"\0"


COLOURS = bytes([10, 20, 30, 40, 50, 60, 255, 255, 255, 200, 0, 0])


def gif(canvas, box, indices, *, colours=COLOURS, transparent=None, flags=0):
    head = b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x81 if colours else 0, 3, 0) + colours
    if transparent is not None:
        head += b"\x21\xf9\x04" + bytes([1, 0, 0, transparent]) + b"\0"
    return head + b"," + struct.pack("<HHHHB", *box, flags) + lzw(2, indices) + b";"


files["small-frame.gif"] = gif((8, 6), (2, 1, 3, 4), [0, 1, 2, 3] * 3)
files["small-frame-transparent.gif"] = gif((8, 6), (2, 1, 3, 4), [0, 1, 2, 3] * 3, transparent=2)
files["frame-beyond-canvas.gif"] = gif((8, 6), (6, 4, 5, 4), [0, 1, 2, 3] * 5, flags=0x40)
files["no-palette.gif"] = gif((4, 4), (0, 0, 4, 4), [0, 1, 2, 3] * 4, colours=b"")

seeded = random.Random(1)


def noise(length, below=256):
    return bytes(seeded.randrange(below) for _ in range(length))


def bmp(bits, data, *, compression=0, height=HEIGHT, colours=b"", masks=(), header=40):
    packed = struct.pack(f"<{len(masks)}I", *masks)
    head = struct.pack("<IiiHHIIiiII", header, WIDTH, height, 1, bits, compression, len(data), 0, 0, len(colours) // 4, 0)
    head = (head + packed).ljust(header, b"\0") + colours
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(data), 0, 0, 14 + len(head)) + head + data


few, many = noise(64), noise(1024)
row16, row32 = (WIDTH * 2 + 3) // 4 * 4 * HEIGHT, WIDTH * 4 * HEIGHT
files["15.bmp"] = bmp(16, noise(row16))
files["565.bmp"] = bmp(16, noise(row16), compression=3, masks=(0xF800, 0x7E0, 0x1F))
files["32.bmp"] = bmp(32, noise(row32))
files["downward.bmp"] = bmp(32, noise(row32), height=-HEIGHT)
files["masks.bmp"] = bmp(32, noise(row32), compression=3, masks=(0xFF000000, 0xFF0000, 0xFF00, 0xFF), header=56)
files["alpha.bmp"] = bmp(32, noise(row32), compression=3, masks=(0xFF0000, 0xFF00, 0xFF, 0xFF000000), header=124)
files["1.bmp"] = bmp(1, noise(4 * HEIGHT), colours=few[:8])
files["4.bmp"] = bmp(4, noise(8 * HEIGHT), colours=few)
files["8-few-colours.bmp"] = bmp(8, noise(16 * HEIGHT, 20), colours=few)
runs8 = b"".join(bytes([5, row, 0, 4, 9, 8, 7, 6, 0, 3, 1, 2, 3, 0, 1, 200, 0, 0]) for row in range(HEIGHT))
files["runs-8.bmp"] = bmp(8, runs8 + b"\0\1", compression=1, colours=many)
runs4 = b"".join(bytes([5, 0x12 + row, 0, 4, 0x98, 0x76, 4, 0x45, 0, 0]) for row in range(HEIGHT))
files["runs-4.bmp"] = bmp(4, runs4 + b"\0\1", compression=2, colours=few)
jump = bytes([13, 1, 0, 2, 2, 2]) + b"".join(bytes([13 if row else 11, row + 2, 0, 0]) for row in range(HEIGHT - 3))
files["jump.bmp"] = bmp(8, jump + b"\0\1", compression=1, colours=many)

cases = []
for name, content in files.items():
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
    cases.append(
        {
            "name": name,
            "size": list(image.size),
            "first": list(image.tobytes()[:6]),
            "sha256": hashlib.sha256(image.tobytes()).hexdigest(),
            "file": base64.b64encode(content).decode(),
        }
    )

path = Path(__file__).parent.parent / "test/golden/pillow-decode.json"
lines = ",\n".join(json.dumps(case) for case in cases)
path.write_text(f'{{"pillow": "{PIL.__version__}", "cases": [\n{lines}\n]}}\n')
print(path, path.stat().st_size, "bytes,", len(cases), "cases, Pillow", PIL.__version__)

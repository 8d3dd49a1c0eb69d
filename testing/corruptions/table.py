"""Damaged vaults: what is done to a healthy one, and exactly what comes of it.

`shows` and `mended` are what a mount shows before and after `doctor --repair`,
as differences from the healthy vault (damaged_vault.furnish): None where
something is not shown, the errno of looking at it, or what of a file cannot be
read. `found` and `left` are the doctor's findings before and after. Where
`mount` is not 0 that is the exit code of mount and ls, and of the doctor
unless it has one of its own.
"""

import base64
import dataclasses
import hashlib
import json
import os
import re
import shutil
import socket
import stat
import typing

from damaged_vault import (BLOCK, HEADER, LONG_DIR, LONG_FILE, LONG_LINK,
                           OVERHEAD, flip, random_bytes, read_bytes, replace,
                           write)

CHUNK = BLOCK + OVERHEAD
NOTES = {"MissingDirIdBackup", "ForeignFile", "MissingBackup", "WeakKdf",
         "LeftoverTemporary", "UnusualThreshold"}


@dataclasses.dataclass
class Row:
    name: str
    damage: typing.Callable
    shows: dict = dataclasses.field(default_factory=dict)
    found: list = dataclasses.field(default_factory=list)
    left: list = dataclasses.field(default_factory=list)
    mended: dict = dataclasses.field(default_factory=dict)
    # Findings without a repair of their own that another repair takes away.
    gone: list = dataclasses.field(default_factory=list)
    mount: int = 0
    doctor: typing.Optional[int] = None
    # What the official library does not show as we do.
    not_official: tuple = ()

    @staticmethod
    def has_problems(classes):
        return bool(set(classes) - NOTES)


def file(content):
    return ("file", len(content), hashlib.sha256(content).hexdigest())


BIG = random_bytes("big", 4 * BLOCK)
DIR, LOST = ("dir",), "LOST+FOUND"
LONG = f"docs/{LONG_FILE}"
HIDDEN_SUB = {"docs/sub": None, "docs/sub/deep.txt": None}
BROKEN_SUB = {"docs/sub": "EIO", "docs/sub/deep.txt": None}
FOUND_SUB = {LOST: DIR, f"{LOST}/#": DIR, f"{LOST}/#/deep.txt": file(b"deep")}
IN_DOCS = {"b.txt": file(b"beta"), "big": file(BIG),
           LONG_FILE: file(b"long file"), "link": ("link", "b.txt"),
           LONG_LINK: ("link", "target"), "sub": DIR,
           "sub/deep.txt": file(b"deep"), LONG_DIR: DIR,
           f"{LONG_DIR}/x.txt": file(b"x")}
NO_DOCS = {"docs": None, **{f"docs/{path}": None for path in IN_DOCS}}
FOUND_DOCS = {LOST: DIR, f"{LOST}/#": DIR,
              **{f"{LOST}/#/{path}": value
                 for path, value in IN_DOCS.items()}}
NO_OTHER = {"other": None, "other/c.txt": None}
NOTHING = {**NO_DOCS, **NO_OTHER, "a.txt": None}

ROWS = []


def row(name, *, both=None, **fields):
    """Decorates the function that does the damage. `both`: left as found, and
    shown after the repair as before."""
    if both is not None:
        fields["found"] = fields["left"] = both
        fields["mended"] = fields.get("shows", {})

    def add(damage):
        ROWS.append(Row(name, damage, **fields))
        return damage
    return add


def rows(*names_and_arguments, **fields):
    """One row for each (name, arguments...) after the vault."""
    def add(damage):
        for name, *arguments in names_and_arguments:
            row(name, **fields)(
                lambda v, arguments=arguments: damage(v, *arguments))
        return damage
    return add


# The files at the root.

def token(header, claims):
    encode = lambda value: base64.urlsafe_b64encode(
        json.dumps(value).encode()).rstrip(b"=").decode()
    return f"{encode(header)}.{encode(claims)}.AAAA".encode()


KID = "masterkeyfile:masterkey.cryptomator"
CLAIMS = {"format": 8, "cipherCombo": "SIV_GCM", "shorteningThreshold": 220}


def config(v):
    return v.path + "/vault.cryptomator"


def masterkey(v):
    return v.path + "/masterkey.cryptomator"


def edit_masterkey(v, **fields):
    write(masterkey(v), json.dumps(
        {**json.loads(read_bytes(masterkey(v))), **fields}).encode())


@row("config_missing", mount=42)
def _(v):
    os.unlink(config(v))


@row("config_cut", mount=8)
def _(v):
    os.truncate(config(v), 40)


@row("config_signature_changed", mount=8)
def _(v):
    text = read_bytes(config(v))
    at = text.rindex(b".") + 5
    write(config(v), text[:at] + (b"B" if text[at:at + 1] == b"A" else b"A")
          + text[at + 1:])


@row("config_without_signature", mount=8)
def _(v):
    write(config(v), token({"kid": KID, "typ": "JWT", "alg": "none"}, CLAIMS))


@row("config_of_format_7", mount=42)
def _(v):
    write(config(v), token({"kid": KID, "typ": "JWT", "alg": "HS256"},
                           {**CLAIMS, "format": 7}))


@row("config_of_a_hub", mount=42)
def _(v):
    write(config(v), token({"kid": "hub+https://example.org/api", "typ": "JWT",
                            "alg": "HS256"}, CLAIMS))


@row("config_is_a_folder", mount=11)
def _(v):
    replace(config(v), os.mkdir, config(v))


@row("config_is_a_fifo", mount=11)
def _(v):
    replace(config(v), os.mkfifo, config(v))


@row("masterkey_missing", mount=14)
def _(v):
    os.unlink(masterkey(v))


@row("masterkey_garbage", mount=14)
def _(v):
    write(masterkey(v), b"{}")


@row("masterkey_asks_for_too_much", mount=13)
def _(v):
    edit_masterkey(v, scryptCostParam=1 << 30)


@row("masterkey_of_another_password", mount=12)
def _(v):
    edit_masterkey(v, scryptSalt="AAAAAAAAAAA=")


@row("masterkey_version_mac_changed", mount=14)
def _(v):
    edit_masterkey(v, versionMac=base64.b64encode(bytes(32)).decode())


@row("copies_missing", found=["MissingBackup"] * 2)
def _(v):
    for name in os.listdir(v.path):
        if name.endswith(".bkup"):
            os.unlink(f"{v.path}/{name}")


@row("temporary_file_at_the_root", found=["LeftoverTemporary"])
def _(v):
    write(v.path + "/.casemate-0011223344556677.tmp", b"half a masterkey")


@row("strangers_at_the_root")
def _(v):
    write(v.path + "/notes.txt", b"notes")
    os.mkdir(v.path + "/c")


# d/ and the content directories.

@row("store_missing", mount=8, doctor=26, found=["RootMissing"],
     mended=NOTHING)
def _(v):
    shutil.rmtree(v.path + "/d")


@row("root_missing", mount=8, doctor=26,
     found=["RootMissing", "OrphanContentDir", "OrphanContentDir"],
     mended={**NOTHING, **FOUND_DOCS, f"{LOST}/#/c.txt": file(b"gamma")})
def _(v):
    shutil.rmtree(v.content(""))


@row("content_missing", shows=BROKEN_SUB, found=["MissingContentDir"],
     mended={"docs/sub/deep.txt": None})
def _(v):
    shutil.rmtree(v.content("docs/sub"))


@row("content_is_a_link", shows=BROKEN_SUB,
     both=["ForeignType", "MissingContentDir"])
def _(v):
    content = v.content("docs/sub")
    os.rename(content, v.path + "/moved")
    os.symlink(v.path + "/moved", content)


@row("content_is_a_file", shows=BROKEN_SUB,
     both=["ForeignType", "MissingContentDir"])
def _(v):
    content = v.content("docs/sub")
    replace(content, write, content, b"")


@row("orphan", shows=HIDDEN_SUB, found=["OrphanContentDir"],
     mended={**HIDDEN_SUB, **FOUND_SUB})
def _(v):
    shutil.rmtree(v.node("docs/sub"))


@row("orphan_with_a_tree", shows=NO_DOCS, found=["OrphanContentDir"],
     mended={**NO_DOCS, **FOUND_DOCS})
def _(v):
    shutil.rmtree(v.node("docs"))


@row("orphan_without_dirid", shows=HIDDEN_SUB, found=["OrphanContentDir"],
     mended={**HIDDEN_SUB, LOST: DIR, f"{LOST}/#": DIR,
             f"{LOST}/#/file-#": file(b"deep")})
def _(v):
    os.unlink(v.content("docs/sub") + "/dirid.c9r")
    shutil.rmtree(v.node("docs/sub"))


@row("orphan_with_a_wrong_dirid", shows=HIDDEN_SUB,
     found=["OrphanContentDir"],
     mended={**HIDDEN_SUB, LOST: DIR, f"{LOST}/#": DIR,
             f"{LOST}/#/file-#": file(b"deep")})
def _(v):
    write(v.content("docs/sub") + "/dirid.c9r",
          v.forge.seal(v.id_of("other")))
    shutil.rmtree(v.node("docs/sub"))


@row("orphan_with_a_copy_of_its_dirid", shows=HIDDEN_SUB,
     found=["OrphanContentDir", "UndecryptableName", "WrongDirIdBackup"],
     left=["UndecryptableName"], mended={**HIDDEN_SUB, **FOUND_SUB})
def _(v):
    backup = v.content("docs/sub") + "/dirid"
    shutil.copy2(backup + ".c9r", backup + " (1).c9r")
    os.truncate(backup + ".c9r", 60)
    shutil.rmtree(v.node("docs/sub"))


@row("orphan_of_lost_and_found", shows={},
     found=["OrphanContentDir"], mended={LOST: DIR, f"{LOST}/x": file(b"x")})
def _(v):
    content = v.make_content(b"recovery")
    write(f"{content}/{v.forge.name(b'recovery', b'x')}", v.forge.seal(b"x"))


@row("orphan_with_nothing_in_it", found=["OrphanContentDir"])
def _(v):
    v.make_content(v.new_id(1))


@row("orphan_with_strangers_in_it", gone=["ForeignFile"],
     found=["ForeignFile", "OrphanContentDir"])
def _(v):
    write(v.make_content(v.new_id(1)) + "/.DS_Store", b"rubbish")


@row("dirid_missing", found=["MissingDirIdBackup"])
def _(v):
    os.unlink(v.content("docs") + "/dirid.c9r")


@row("dirid_of_the_root_missing", found=["MissingDirIdBackup"])
def _(v):
    os.unlink(v.content("") + "/dirid.c9r")


@row("dirid_garbage", found=["WrongDirIdBackup"])
def _(v):
    write(v.content("docs") + "/dirid.c9r", b"garbage")


@row("dirid_of_another_folder", found=["WrongDirIdBackup"])
def _(v):
    write(v.content("docs") + "/dirid.c9r", v.forge.seal(v.id_of("other")))


@row("dirid_is_a_folder", both=["ForeignType"])
def _(v):
    path = v.content("docs") + "/dirid.c9r"
    replace(path, os.mkdir, path)


@row("strangers_in_the_store", both=["ForeignFile"] * 3)
def _(v):
    write(v.path + "/d/stranger", b"")
    os.makedirs(v.path + "/d/AA/too short")
    write(v.content("docs") + "/desktop.ini", b"")


# dir.c9r.

@rows(("dir_file_binary", b"\x01\x02"), ("dir_file_too_long", b"x" * 1001),
      ("dir_file_with_a_newline", b"e9250eb8-078d-4fc0-8835-be92a313360c\n"),
      shows=BROKEN_SUB, found=["InvalidDirFile", "OrphanContentDir"],
      mended={"docs/sub/deep.txt": None, **FOUND_SUB})
def _(v, text):
    write(v.type_file("docs/sub"), text)


@row("dir_file_empty", shows=BROKEN_SUB,
     found=["EmptyDirFile", "OrphanContentDir"],
     mended={"docs/sub/deep.txt": None, **FOUND_SUB})
def _(v):
    write(v.type_file("docs/sub"), b"")


@row("dir_file_of_nobody", shows=BROKEN_SUB,
     found=["MissingContentDir", "OrphanContentDir"],
     mended={"docs/sub/deep.txt": None, **FOUND_SUB})
def _(v):
    write(v.type_file("docs/sub"), v.new_id(9))


@row("dir_file_obese", shows={"docs/sub/deep.txt": None},
     found=["ObeseDirFile", "OrphanContentDir"], left=["ObeseDirFile"],
     mended={"docs/sub/deep.txt": None, **FOUND_SUB})
def _(v):
    write(v.type_file("docs/sub"), b"x" * 40)
    v.make_content(b"x" * 40)


@row("dir_file_loose", found=["LooseDirFile"])
def _(v):
    write(v.content("docs") + "/dir.c9r", v.id_of("other"))


@row("dir_file_is_a_fifo", shows=BROKEN_SUB,
     both=["ForeignType", "OrphanContentDir"])
def _(v):
    path = v.type_file("docs/sub")
    replace(path, os.mkfifo, path)


@row("dir_file_is_a_link", shows=BROKEN_SUB,
     both=["ForeignType", "OrphanContentDir"])
def _(v):
    path = v.type_file("docs/sub")
    replace(path, os.symlink, v.type_file("other"), path)


@row("id_of_its_parent", shows=BROKEN_SUB,
     found=["DirIdCollision"] * 2 + ["OrphanContentDir"],
     left=["DirIdCollision"] * 2, mended={**BROKEN_SUB, **FOUND_SUB})
def _(v):
    write(v.type_file("docs/sub"), v.id_of("docs"))


@row("id_of_itself_and_nobody_else", shows=HIDDEN_SUB, both=["DetachedCycle"])
def _(v):
    v.make_node("docs/sub", "loop", "dir", v.id_of("docs/sub"))
    shutil.rmtree(v.node("docs/sub"))


# name.c9s.

NO_LONG_FILE = {LONG: None}
NO_LONG_LINK = {f"docs/{LONG_LINK}": None}
NO_LONG_DIR = {f"docs/{LONG_DIR}": None, f"docs/{LONG_DIR}/x.txt": None}
FOUND_FILE = {LOST: DIR, f"{LOST}/file-#": file(b"long file")}
FOUND_LINK = {LOST: DIR, f"{LOST}/link-#": ("link", "target")}
FOUND_DIR = {LOST: DIR, f"{LOST}/folder-#": DIR,
             f"{LOST}/folder-#/x.txt": file(b"x")}


@row("long_name_missing_of_a_file", shows=NO_LONG_FILE,
     found=["MissingLongName"], mended={**NO_LONG_FILE, **FOUND_FILE})
def _(v):
    os.unlink(v.node(LONG) + "/name.c9s")


@row("long_name_missing_of_a_link", shows=NO_LONG_LINK,
     found=["MissingLongName"], mended={**NO_LONG_LINK, **FOUND_LINK})
def _(v):
    os.unlink(v.node(f"docs/{LONG_LINK}") + "/name.c9s")


@row("long_name_missing_of_a_folder", shows=NO_LONG_DIR,
     found=["MissingLongName"], mended={**NO_LONG_DIR, **FOUND_DIR})
def _(v):
    os.unlink(v.node(f"docs/{LONG_DIR}") + "/name.c9s")


@rows(("long_name_garbage", b"garbage"), ("long_name_empty", b""),
      ("long_name_of_zeros", bytes(300)),
      shows=NO_LONG_FILE, found=["NotDecodableLongName"],
      mended={**NO_LONG_FILE, **FOUND_FILE})
def _(v, text):
    write(v.node(LONG) + "/name.c9s", text)


@row("long_name_of_another_folder", shows=NO_LONG_LINK,
     found=["NotDecodableLongName"], mended={**NO_LONG_LINK, **FOUND_LINK})
def _(v):
    write(v.node(f"docs/{LONG_LINK}") + "/name.c9s",
          v.c9r("other", LONG_LINK).encode())


@row("long_name_obese", shows=NO_LONG_DIR, found=["ObeseNameFile"],
     mended={**NO_LONG_DIR, **FOUND_DIR})
def _(v):
    write(v.node(f"docs/{LONG_DIR}") + "/name.c9s", b"x" * 10241)


@row("long_name_with_a_newline", shows=NO_LONG_FILE,
     found=["TrailingBytesInNameFile"])
def _(v):
    path = v.node(LONG) + "/name.c9s"
    write(path, read_bytes(path) + b"\n")


@row("long_name_under_another_hash", shows=NO_LONG_FILE,
     found=["LongShortNamesMismatch"])
def _(v):
    v.rename_entry(LONG, "A" * 27 + "=.c9s")


@row("long_name_twice", found=["LongShortNamesMismatch"],
     mended={LOST: DIR, f"{LOST}/{LONG_FILE}": file(b"long file")})
def _(v):
    shutil.copytree(v.node(LONG),
                    v.content("docs") + "/" + "A" * 27 + "=.c9s")


@row("long_name_is_a_link", shows=NO_LONG_FILE, both=["ForeignType"])
def _(v):
    path = v.node(LONG) + "/name.c9s"
    os.rename(path, v.path + "/elsewhere")
    os.symlink(v.path + "/elsewhere", path)


@row("shortened_without_need", shows={"docs/b.txt": None},
     found=["WrongNameForm"])
def _(v):
    c9r = v.c9r("docs", "b.txt")
    node = f"{v.content('docs')}/{v.forge.short(c9r)}"
    os.mkdir(node)
    os.rename(v.node("docs/b.txt"), node + "/contents.c9r")
    write(node + "/name.c9s", c9r.encode())


@row("not_shortened", shows={"a.txt": None}, found=["WrongNameForm"],
     mended={"a.txt": None, "n" * 150: file(b"alpha")})
def _(v):
    v.rename_to_raw("a.txt", b"n" * 150)


# Names.

def copy_of(v, path, added):
    node = v.node(path)
    copy = node[:-len(".c9r")] + added + ".c9r"
    (shutil.copytree if os.path.isdir(node) else shutil.copy2)(node, copy)
    return copy


@row("copy_of_which_the_original_is_gone", shows={"a.txt": None},
     found=["ConflictCopy"])
def _(v):
    copy_of(v, "a.txt", " (1)")
    os.unlink(v.node("a.txt"))


@row("copy_of_a_file", found=["ConflictCopy"],
     mended={"a (conflicted copy).txt": file(b"alpha")})
def _(v):
    copy_of(v, "a.txt", " (conflicted copy)")


@row("three_copies_of_a_file", found=["ConflictCopy"] * 3,
     mended={f"docs/b{x}.txt": file(b"beta") for x in ("_A", "_B", " 2")})
def _(v):
    for added in ("_A", "_B", " 2"):
        copy_of(v, "docs/b.txt", added)


@row("copy_of_a_folder", found=["ConflictCopy"])
def _(v):
    copy_of(v, "docs/sub", " (Created by Alice)")


@row("copy_of_a_link", found=["ConflictCopy"])
def _(v):
    copy_of(v, "docs/link", "_conflict")


@row("another_folder_of_one_name", found=["ConflictCopy"],
     mended={"docs/sub (Bob)": DIR})
def _(v):
    copy = copy_of(v, "docs/sub", " (Bob)")
    write(copy + "/dir.c9r", v.new_id(5))
    v.make_content(v.new_id(5))


@row("copy_within_a_node", found=["ConflictCopy"],
     mended={LOST: DIR, f"{LOST}/{LONG_FILE}": file(b"long file")})
def _(v):
    node = v.node(LONG)
    shutil.copy2(node + "/contents.c9r", node + "/contents (Alice's).c9r")


@row("copy_that_starts_with_a_dot", both=["ForeignFile"])
def _(v):
    node = v.node("a.txt")
    shutil.copy2(node, os.path.dirname(node) + "/." + os.path.basename(node))


@row("name_garbage", shows={"a.txt": None}, both=["UndecryptableName"])
def _(v):
    v.rename_entry("a.txt", "A" * 28 + ".c9r")


@row("name_of_another_folder", shows={"docs/b.txt": None},
     both=["UndecryptableName"])
def _(v):
    node = v.node("docs/b.txt")
    os.rename(node, f"{v.content('')}/{os.path.basename(node)}")


@row("name_in_another_spelling", shows=NO_DOCS, both=["UndecryptableName"])
def _(v):
    # The last bits before the padding say nothing.
    alphabet = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                "0123456789-_")
    match = re.fullmatch(r"(.*)(.)(=+)\.c9r", os.path.basename(v.node("docs")))
    changed = alphabet[alphabet.index(match[2]) ^ 1]
    v.rename_entry("docs", f"{match[1]}{changed}{match[3]}.c9r")


@rows(("name_with_a_slash", b"a/b"), ("name_with_a_nul", b"a\0b"),
      ("name_of_one_dot", b"."), ("name_of_two_dots", b".."),
      ("name_that_is_no_utf8", b"\xff\xfe"),
      ("name_with_a_surrogate", b"\xed\xa0\x80"),
      shows={"a.txt": None}, found=["InvalidName"],
      mended={"a.txt": None, LOST: DIR, f"{LOST}/file-#": file(b"alpha")})
def _(v, raw):
    v.rename_to_raw("a.txt", raw)


@row("name_of_1025_bytes", found=["InvalidName"],
     mended={LOST: DIR, f"{LOST}/file-#": file(b"much")})
def _(v):
    v.make_node("", b"n" * 1025, "contents", v.forge.seal(b"much"))


@row("name_of_300_bytes", shows={"n" * 300: file(b"long")},
     mended={"n" * 300: file(b"long")})
def _(v):
    v.make_node("", b"n" * 300, "contents", v.forge.seal(b"long"))


@row("name_in_nfd", shows={"a.txt": None, "\xe4": file(b"alpha")},
     found=["NotNormalizedName"],
     mended={"a.txt": None, "\xe4": file(b"alpha")})
def _(v):
    v.rename_to_raw("a.txt", "a\u0308".encode())


# Nodes.

@row("node_of_nothing", found=["UnknownType"])
def _(v):
    os.mkdir(f"{v.content('docs')}/{v.c9r('docs', 'nothing')}")


@row("long_node_of_nothing", found=["UnknownType"])
def _(v):
    v.make_node("docs", "n" * 200, "contents", b"")
    os.unlink(v.node("docs/" + "n" * 200) + "/contents.c9r")


@row("node_of_strangers", found=["UnknownType"])
def _(v):
    node = f"{v.content('docs')}/{v.c9r('docs', 'nothing')}"
    os.mkdir(node)
    write(node + "/stranger", b"text")


@row("folder_and_link", found=["AmbiguousType"],
     mended={LOST: DIR, f"{LOST}/sub": ("link", "t")})
def _(v):
    write(v.node("docs/sub") + "/symlink.c9r", v.forge.seal(b"t"))


@row("link_and_file", found=["AmbiguousType"],
     mended={LOST: DIR, f"{LOST}/{LONG_LINK}": file(b"hidden")})
def _(v):
    write(v.node(f"docs/{LONG_LINK}") + "/contents.c9r",
          v.forge.seal(b"hidden"))


@row("folder_link_and_file", found=["AmbiguousType"],
     mended={LOST: DIR, f"{LOST}/{LONG_DIR}": ("link", "t"),
             f"{LOST}/file-#": file(b"hidden")})
def _(v):
    node = v.node(f"docs/{LONG_DIR}")
    write(node + "/symlink.c9r", v.forge.seal(b"t"))
    write(node + "/contents.c9r", v.forge.seal(b"hidden"))


def make_socket(path):
    # Longer paths than a socket address has room for.
    folder = os.open(os.path.dirname(path), os.O_DIRECTORY)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{folder}/s")
    os.rename(f"{os.path.dirname(path)}/s", path)
    os.close(folder)


@rows(("file_is_a_link", os.symlink, "/etc/hostname"),
      ("file_is_a_fifo", os.mkfifo), ("file_is_a_socket", make_socket),
      ("file_is_a_device", lambda path: os.mknod(
          path, stat.S_IFCHR | 0o600, os.makedev(1, 5))),
      shows={"a.txt": "EIO"}, both=["ForeignType"])
def _(v, make, *before):
    path = v.node("a.txt")
    replace(path, make, *before, path)


@row("content_of_a_long_file_is_a_folder", shows={LONG: "EIO"},
     both=["ForeignType"])
def _(v):
    path = v.type_file(LONG)
    replace(path, os.mkdir, path)


@row("target_of_a_link_is_a_fifo", shows={"docs/link": "EIO"},
     both=["ForeignType"])
def _(v):
    path = v.type_file("docs/link")
    replace(path, os.mkfifo, path)


@row("long_node_is_a_file", shows=NO_LONG_FILE, both=["ForeignType"])
def _(v):
    path = v.node(LONG)
    replace(path, write, path, b"text")


@row("stranger_in_a_node", both=["ForeignFile"])
def _(v):
    write(v.node("docs/sub") + "/stranger", b"text")


@row("temporaries_in_a_folder", found=["LeftoverTemporary"] * 2)
def _(v):
    write(v.content("docs") + "/.casemate-0011223344556677.tmp", b"half")
    os.mkdir(v.content("docs") + "/.casemate-8899aabbccddeeff.tmp")


@row("in_use_marks")
def _(v):
    write(v.node("a.txt")[:-1] + "u", b"{}")
    write(v.node(LONG) + "/contents.c9u", b"{}")


# Content.

@row("file_of_no_bytes", shows={"a.txt": file(b"")},
     mended={"a.txt": file(b"")}, not_official=("a.txt",))
def _(v):
    os.truncate(v.node("a.txt"), 0)


@row("file_of_one_byte", shows={"a.txt": "EIO"}, both=["InvalidSize"])
def _(v):
    os.truncate(v.node("a.txt"), 1)


@row("file_cut_in_its_header", shows={"a.txt": "EIO"}, both=["InvalidSize"])
def _(v):
    os.truncate(v.node("a.txt"), HEADER - 1)


@row("file_of_a_header", shows={"a.txt": file(b"")},
     mended={"a.txt": file(b"")})
def _(v):
    os.truncate(v.node("a.txt"), HEADER)


@rows(("file_with_a_byte_of_a_chunk", 1),
      ("file_with_a_chunk_cut_in_its_tag", OVERHEAD - 1),
      # The kernel does not ask for what lies behind the size.
      shows={"a.txt": file(b"")}, both=["InvalidSize"])
def _(v, more):
    os.truncate(v.node("a.txt"), HEADER + more)


@row("file_with_an_empty_chunk", shows={"a.txt": file(b"")},
     mended={"a.txt": file(b"")})
def _(v):
    write(v.node("a.txt"), v.forge.empty_chunk())


@row("file_cut_in_its_last_chunk", both=["InvalidSize"],
     not_official=("docs/big",),
     shows={"docs/big": file(BIG[:3 * BLOCK])})
def _(v):
    os.truncate(v.node("docs/big"), HEADER + 3 * CHUNK + 10)


@row("file_cut_in_a_chunk", both=["UnauthenticChunk"],
     shows={"docs/big": f"size {2 * BLOCK + 72}, EIO 2"})
def _(v):
    os.truncate(v.node("docs/big"), HEADER + 2 * CHUNK + 100)


@row("file_cut_between_chunks", shows={"docs/big": file(BIG[:2 * BLOCK])},
     mended={"docs/big": file(BIG[:2 * BLOCK])})
def _(v):
    os.truncate(v.node("docs/big"), HEADER + 2 * CHUNK)


@rows(("header_nonce_changed", 0), ("header_key_changed", 30),
      ("header_tag_changed", HEADER - 1),
      shows={"docs/big": "EIO"}, both=["UnauthenticHeader"])
def _(v, offset):
    flip(v.node("docs/big"), offset)


@row("header_of_another_file", both=["UnauthenticChunk"],
     shows={"docs/big": "size 131072, EIO 0, EIO 1, EIO 2, EIO 3"})
def _(v):
    path = v.node("docs/big")
    write(path, read_bytes(v.node("a.txt"))[:HEADER]
          + read_bytes(path)[HEADER:])


@row("first_chunk_changed", both=["UnauthenticChunk"],
     shows={"docs/big": "size 131072, EIO 0"})
def _(v):
    flip(v.node("docs/big"), HEADER + 100)


@row("middle_chunk_changed", both=["UnauthenticChunk"],
     shows={"docs/big": "size 131072, EIO 2"})
def _(v):
    flip(v.node("docs/big"), HEADER + 2 * CHUNK)


@row("last_byte_changed", both=["UnauthenticChunk"],
     shows={"docs/big": "size 131072, EIO 3"})
def _(v):
    flip(v.node("docs/big"), -1)


@row("chunks_exchanged", both=["UnauthenticChunk"],
     shows={"docs/big": "size 131072, EIO 1, EIO 2"})
def _(v):
    path = v.node("docs/big")
    data = read_bytes(path)
    at = [HEADER + number * CHUNK for number in range(5)]
    write(path, data[:at[1]] + data[at[2]:at[3]] + data[at[1]:at[2]]
          + data[at[3]:])


@row("zeros_appended", both=["UnauthenticChunk"],
     shows={"docs/big": "size 131144, EIO 4"})
def _(v):
    path = v.node("docs/big")
    write(path, read_bytes(path) + bytes(100))


@row("content_of_another_file", shows={"a.txt": file(b"beta")},
     mended={"a.txt": file(b"beta")})
def _(v):
    shutil.copy2(v.node("docs/b.txt"), v.node("a.txt"))


@rows(("target_garbage", lambda v: b"garbage" * 20),
      ("target_of_no_bytes", lambda v: b""),
      ("target_empty", lambda v: v.forge.seal(b"")),
      ("target_with_a_nul", lambda v: v.forge.seal(b"a\0b")),
      shows={"docs/link": "EIO"}, both=["BrokenSymlink"])
def _(v, data):
    write(v.type_file("docs/link"), data(v))


@rows(("target_of_5000_bytes", lambda v: v.forge.seal(b"t" * 5000)),
      ("target_of_a_megabyte", lambda v: bytes(1 << 20)),
      shows={"docs/link": "ENAMETOOLONG"}, both=["BrokenSymlink"])
def _(v, data):
    write(v.type_file("docs/link"), data(v))

"""Licences are recognized by the files of a repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.documents.licenses import license_in, license_of

MIT = """Copyright 2026 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction ...

The above copyright notice and this permission notice shall be included in all copies.
"""


@pytest.mark.parametrize(
    ("text", "license"),
    [
        ("MIT License\n\nCopyright (c) 2026", "MIT"),
        ("# The MIT License (MIT)", "MIT"),
        (MIT, "MIT"),
        ("MIT No Attribution", "MIT-0"),
        ("                 Apache License\n           Version 2.0, January 2004\n", "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n  Version 3, 29 June 2007\n", "GPL-3.0"),
        ("GNU GENERAL PUBLIC LICENSE\n  Version 2, June 1991\n", "GPL-2.0"),
        (
            "GNU LESSER GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n"
            "the terms of version 3 of the GNU General Public License",
            "LGPL-3.0",
        ),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3", "AGPL-3.0"),
        ("Mozilla Public License Version 2.0\n=====", "MPL-2.0"),
        ("BSD 3-Clause License", "BSD-3-Clause"),
        (
            "Redistribution and use in source and binary forms ... Redistributions in binary form ... "
            "Neither the name of",
            "BSD-3-Clause",
        ),
        ("Redistribution and use in source and binary forms ... Redistributions in binary form ...", "BSD-2-Clause"),
        ("ISC License", "ISC"),
        ("This is free and unencumbered software released into the public domain.", "Unlicense"),
        ("CC0 1.0 Universal", "CC0-1.0"),
        ("Attribution-ShareAlike 4.0 International", "CC-BY-SA-4.0"),
        ("Business Source License 1.1\nChange License: Mozilla Public License Version 2.0", "BUSL-1.1"),
        ("// SPDX-License-Identifier: GPL-2.0-only WITH Classpath-exception-2.0\nMIT License", None),
        ("SPDX-License-Identifier: MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("All rights reserved.", ""),
        ("", ""),
    ],
)
def test_licences_are_recognized_by_identifiers_titles_and_text(text: str, license: str | None) -> None:
    assert license_in(text) == ("GPL-2.0-only WITH Classpath-exception-2.0" if license is None else license)


def test_the_licences_of_a_folder_are_joined(tmp_path: Path) -> None:
    (tmp_path / "LICENSE-MIT").write_text(MIT)
    (tmp_path / "license.md").write_text("Apache License 2.0")
    (tmp_path / "COPYING").write_text("MIT License")
    (tmp_path / "LICENSE-THIRD-PARTY.txt").write_text("GNU GENERAL PUBLIC LICENSE Version 3")
    (tmp_path / "license.py").write_text("# ISC License")
    (tmp_path / "LICENSES").mkdir()
    (tmp_path / "secret").write_text("ISC License")
    (tmp_path / "LICENSE").symlink_to("secret")
    assert license_of(tmp_path) == "Apache-2.0 OR MIT"
    assert license_of(tmp_path / "missing") == ""

"""`planshift policy check` as its user sees it: sentences, JSON, exit status."""

import json

from planshift.interfaces.cli import policy

SOUND = 'format = 1\npolicy = "x"\n'


def _file(tmp_path, text):
    path = tmp_path / "x.toml"
    path.write_text(text)
    return path


def test_a_sound_file(tmp_path, capsys):
    assert policy.main(["check", str(_file(tmp_path, SOUND))]) == 0
    assert "sound (x, " in capsys.readouterr().out


def test_a_wrong_file_is_told_by_line_key_allowed_and_nearest(tmp_path, capsys):
    path = _file(tmp_path, SOUND + 'deposit = "refundible"\n')
    assert policy.main(["check", str(path)]) == 1
    assert capsys.readouterr().out == (
        f"{path}:3: deposit: “refundible” is no answer to “deposit”\n"
        "    did you mean “refundable”?\n"
        "    allowed: none, refundable\n"
    )


def test_the_same_as_json(tmp_path, capsys):
    path = _file(tmp_path, SOUND + 'deposit = "refundible"\n')
    assert policy.main(["check", str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "file": str(path),
        "sound": False,
        "findings": [
            {
                "line": 3,
                "key": "deposit",
                "message": "“refundible” is no answer to “deposit”",
                "allowed": ["none", "refundable"],
                "nearest": "refundable",
            }
        ],
    }


def test_what_cannot_be_read_has_its_own_status(tmp_path, capsys):
    assert policy.main(["check", str(tmp_path / "nowhere.toml")]) == 2
    assert policy.main(["check", str(tmp_path)]) == 2
    assert policy.main(["check"]) == 2
    assert policy.main(["chek", "x"]) == 2
    assert "Traceback" not in capsys.readouterr().err

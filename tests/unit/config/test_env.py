"""Variables are read strictly, and a bad one is named in one sentence."""

import pytest

from config import env


@pytest.fixture(autouse=True)
def variable(monkeypatch):
    def put(value: str) -> None:
        monkeypatch.setenv("X", value)

    monkeypatch.delenv("X", raising=False)
    return put


def test_a_variable_without_value_and_default_is_asked_for_by_name(variable):
    variable("")
    with pytest.raises(env.EnvError, match=r"^X must be set; see \.env\.example\.$"):
        env.text("X")


def test_an_empty_variable_counts_as_unset(variable):
    variable("")
    assert env.text("X", default="d") == "d"
    assert env.integer("X", default=3) == 3
    assert env.flag("X", default=True) is True


@pytest.mark.parametrize("value", ["seven", "1.5", "1e3", "--1"])
def test_a_whole_number_that_is_none_is_refused(variable, value):
    variable(value)
    with pytest.raises(env.EnvError, match="^X must be a whole number, not "):
        env.integer("X", default=1)


def test_a_whole_number_below_its_minimum_is_refused(variable):
    variable("0")
    with pytest.raises(env.EnvError, match="^X must be at least 1, not 0"):
        env.integer("X", default=1, minimum=1)


@pytest.mark.parametrize("value", ["nan", "inf", "-1"])
def test_a_number_is_finite_and_not_below_its_minimum(variable, value):
    variable(value)
    with pytest.raises(env.EnvError, match="^X must be a finite number of at least 0, not "):
        env.number("X", default=1.0)


def test_a_number_that_is_none_is_refused(variable):
    variable("fast")
    with pytest.raises(env.EnvError, match="^X must be a number, not 'fast'"):
        env.number("X", default=1.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False), ("off", False)],
)
def test_a_flag_is_said_in_several_ways(variable, value, expected):
    variable(value)
    assert env.flag("X", default=not expected) is expected


def test_a_flag_is_never_guessed(variable):
    variable("maybe")
    with pytest.raises(env.EnvError, match="^X must be 1 or 0, not 'maybe'"):
        env.flag("X", default=False)


def test_a_choice_lists_what_it_would_take(variable):
    variable("drop")
    with pytest.raises(env.EnvError, match="^X must be one of reject, degrade, not 'drop'"):
        env.choice("X", default="reject", options=("reject", "degrade"))


def test_words_are_split_at_commas_and_blanks_are_dropped(variable):
    variable(" a, b ,,c ")
    assert env.words("X") == ["a", "b", "c"]


def test_a_postgres_address_becomes_djangos_five_names(variable):
    variable("postgresql://us%40er:p%2Fw@db.example:6543/game?sslmode=require")
    assert env.postgres("X", default="") == {
        "NAME": "game",
        "USER": "us@er",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "6543",
    }
    assert env.postgres_options("X") == {"sslmode": "require"}


def test_a_postgres_socket_folder_is_the_host(variable):
    variable("postgresql://hotseat@/game?host=/run/some%20where")
    database = env.postgres("X", default="")
    assert (database["HOST"], database["PORT"]) == ("/run/some where", "")


@pytest.mark.parametrize("value", ["sqlite:///x.db", "mysql://u:secret@h/db", "game"])
def test_other_databases_are_refused_without_repeating_the_password(variable, value):
    variable(value)
    with pytest.raises(env.EnvError, match="^X must begin with postgresql://") as caught:
        env.postgres("X", default="")
    assert "secret" not in str(caught.value)


def test_a_postgres_address_names_a_database(variable):
    variable("postgresql://user:secret@host/")
    with pytest.raises(env.EnvError, match="^X names no database"):
        env.postgres("X", default="")


def test_a_port_that_is_no_number_makes_it_no_url(variable):
    variable("postgresql://user:secret@host:port/db")
    with pytest.raises(env.EnvError, match=r"^X is not a URL\.$"):
        env.postgres("X", default="")


@pytest.mark.parametrize("value", ["redis://h:1/0", "rediss://h", "unix:///run/v.sock?db=3"])
def test_redis_addresses_are_kept_as_they_are(variable, value):
    variable(value)
    assert env.redis_url("X", default="") == value


@pytest.mark.parametrize("value", ["memcached://h", "unix://v.sock"])
def test_other_redis_addresses_are_refused(variable, value):
    variable(value)
    with pytest.raises(env.EnvError, match="^X "):
        env.redis_url("X", default="")


def test_celery_has_its_own_word_for_a_redis_socket():
    assert env.celery_broker_url("redis://h:1/2") == "redis://h:1/2"
    address = env.celery_broker_url("unix:///run/v.sock?db=3")
    assert address == "redis+socket:///run/v.sock?virtual_host=3"


def test_a_file_adds_what_the_environment_does_not_say(variable, monkeypatch, tmp_path):
    variable("from the environment")
    monkeypatch.setenv("Y", "to be removed")
    monkeypatch.delenv("Y")
    file = tmp_path / ".env"
    file.write_text("# a note\n\nX=from the file\nY = 'quoted=value'\n", encoding="utf-8")
    env.load_file(file)
    assert env.text("X") == "from the environment"
    assert env.text("Y") == "quoted=value"


def test_a_file_that_is_not_there_is_no_error(tmp_path):
    env.load_file(tmp_path / "missing")


def test_a_broken_line_of_a_file_is_pointed_at(tmp_path):
    file = tmp_path / ".env"
    file.write_text("\nexport X\n", encoding="utf-8")
    with pytest.raises(env.EnvError, match=r"^\.env, line 2: expected NAME=value"):
        env.load_file(file)

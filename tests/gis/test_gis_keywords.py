"""Words of a town: dictionary forms, negations, key words counted by people, themes, what may be quoted."""

from __future__ import annotations

import random
from math import log

import numpy as np
import pytest
from scipy import stats

from gis.analysis.keywords import (
    Said,
    chance,
    counted,
    key_words,
    log_likelihood,
    log_ratio,
    said_in,
    without_doubles,
)
from gis.analysis.lemmas import NOT, Lemmas, folded, is_bare
from gis.analysis.themes import quotes, same_stem, themes_of
from gis.analysis.wording import Spellings, names_somebody, runs_down

HERE, THERE = 0, 1


def lemmas(*texts: str, languages: tuple[str, ...] = ("cs", "en")) -> Lemmas:
    found = Lemmas(languages)
    found.learn(texts)
    return found


def keys(text: str, *others: str) -> set[str]:
    return {unit.key for unit in lemmas(text, *others).units(text)}


def heard(*said: tuple[int, int, str]) -> tuple[Said, np.ndarray]:
    """Comments as (person, part, text), and their parts."""
    read = lemmas(*(text for _, _, text in said))
    words = [[unit.key for unit in read.units(text)] for _, _, text in said]
    return said_in(words, [person for person, _, _ in said], 1), np.array([part for _, part, _ in said])


def told(said: Said, parts: np.ndarray) -> dict[str, tuple[int, int, int, int]]:
    voices, part = said.voices_of(parts)
    mine, others = voices[part == HERE], voices[part == THERE]
    found = key_words(counted(mine), mine.shape[0], counted(others), others.shape[0])
    return {said.units[word.unit]: (word.here, word.here_of, word.there, word.there_of) for word in found}


# Dictionary forms


@pytest.mark.parametrize(
    ("forms", "lemma"),
    [
        ("lampy lampa lampou lamp Lampa", "lampa"),
        ("kolo kole kola", "kolo"),
        ("přechodu přechod přechody", "přechod"),
        ("tma tmě tmou", "tma"),
        ("bezdomovci bezdomovců bezdomovec", "bezdomovec"),
        ("laviček lavičky lavičkách", "lavička"),
        ("zeleně zeleň", "zeleň"),
        ("sady sadů sadech", "sad"),
    ],
)
def test_forms_of_one_town_word_are_one_word(forms: str, lemma: str) -> None:
    read = lemmas()
    assert {read.lemma(form) for form in forms.split()} == {lemma}


def test_a_comment_without_accents_is_read_with_those_that_others_use() -> None:
    read = lemmas("Přechod u školy", "prechodu u skoly se bojim", "na prechodu je tma")
    assert {unit.key for unit in read.units("prechodu u skoly se bojim")} >= {"přechod", "škola", "bát"}


def test_a_word_that_only_this_town_writes_gets_its_accents_from_the_town() -> None:
    read = lemmas("Jdu přes Zubčanský plácek", "zubcansky placek je pekny")
    assert "zubčanský" in {unit.key for unit in read.units("zubcansky placek je pekny")}


def test_a_word_with_accents_is_never_changed() -> None:
    read = lemmas("dráha", "drahá", "drahá")
    assert read.lemma("dráha") == "dráha"


def test_an_english_comment_is_read_as_english() -> None:
    assert {"lamp", "break"} <= keys("The lamps are broken")


def test_other_languages_stay_as_they_are_written() -> None:
    read = lemmas("lámpák", languages=("hu",))
    assert [unit.key for unit in read.units("lámpák")] == ["lámpák"]


def test_words_that_say_nothing_and_those_of_the_map_are_left_out() -> None:
    read = lemmas("tady je v Testově tma")
    read.mute = {"testov", "testově"}
    assert {unit.key for unit in read.units("tady je v Testově tma")} == {"tma"}


def test_a_comment_is_read_in_its_own_language() -> None:
    read = lemmas("V sadu je tma", "I feel sad to walk on the path", languages=("en", "cs"))
    assert {unit.key for unit in read.units("V sadu je tma")} >= {"sad", "tma"}
    assert "sad" not in {unit.key for unit in read.units("I feel sad to walk on the path")}


def test_folding_keeps_letters() -> None:
    assert folded("Příliš žluťoučký kůň") == "Prilis zlutoucky kun"
    assert is_bare("prilis")
    assert not is_bare("příliš")


# Negations and phrases


def test_a_negated_verb_is_not_the_verb() -> None:
    assert "nebát" in keys("Vůbec se nebojím")
    assert "bát" not in keys("Vůbec se nebojím")


def test_the_opposite_of_an_adjective_is_a_word_of_its_own() -> None:
    assert "nebezpečný" in keys("nebezpečné místo")
    assert "neosvětlený" in keys("neosvětlená cesta")


def test_a_superlative_is_no_negation() -> None:
    read = lemmas()
    assert read.lemma("nejrychlejší") == "rychlý"


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("není tu světlo", "světlo"),
        ("Chybí přechod", "přechod"),
        ("cesta bez osvětlení", "osvětlení"),
        ("málo laviček", "lavička"),
        ("žádné koše", "koš"),
        ("lavičky tu nejsou", "lavička"),
        ("there is no light", "light"),
    ],
)
def test_what_is_missing_is_marked_as_taken_away(text: str, taken: str) -> None:
    assert NOT + taken in keys(text)


def test_a_negation_ends_with_its_part_of_the_sentence() -> None:
    found = keys("Nevím, ale park je čistý")
    assert NOT + "park" not in found
    assert "park" in found


def test_a_negated_adjective_takes_nothing_away() -> None:
    assert NOT + "přechod" not in keys("nebezpečný přechod")


def test_two_words_together_are_a_phrase_but_not_over_a_full_stop() -> None:
    assert "vyloučený lokalita" not in keys("lokalita")  # a stop word is no part of a phrase
    assert "dětský hřiště" in keys("dětské hřiště")
    assert "hřiště lavička" not in keys("hřiště. Lavička")


# Key words


def test_log_likelihood_is_that_of_scipy() -> None:
    for a, n, b, m in [(34, 210, 12, 350), (5, 40, 2, 900), (70, 500, 30, 1400), (0, 10, 5, 90)]:
        table = [[a, n - a], [b, m - b]]
        reference = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
        assert float(log_likelihood(a, n, b, m)) == pytest.approx(reference, rel=1e-12)


def test_log_likelihood_by_hand() -> None:
    # 10 of 20 here, none of 20 there: expected 5 each of the word, 15 each of the others.
    by_hand = 2 * (10 * log(10 / 5) + 10 * log(10 / 15) + 20 * log(20 / 15))
    assert float(log_likelihood(10, 20, 0, 20)) == pytest.approx(by_hand, rel=1e-12)


def test_the_chance_is_never_bolder_than_the_exact_test() -> None:
    for a, n, b, m in [(5, 40, 2, 900), (3, 9, 0, 200), (34, 210, 12, 350)]:
        exact = stats.fisher_exact([[a, n - a], [b, m - b]], alternative="greater").pvalue
        found = float(chance([a], n, [b], m)[0])
        assert found >= min(1.0, 2 * exact) - 1e-12
        assert found >= stats.chi2.sf(float(log_likelihood(a, n, b, m)), 1) - 1e-12


def test_the_log_ratio_of_twice_as_often_is_one() -> None:
    assert float(log_ratio(20, 100, 30, 300)) == pytest.approx(1.0)
    assert np.isfinite(float(log_ratio(20, 100, 0, 300)))


def test_people_are_counted_and_not_words() -> None:
    said, parts = heard((0, HERE, "tma tma tma"), (0, HERE, "tma"), (1, HERE, "tma"), (2, HERE, "hluk"))
    voices, _ = said.voices_of(parts)
    assert counted(voices)[said.units.index("tma")] == 2
    assert voices.shape[0] == 3


def test_one_busy_person_makes_no_key_word() -> None:
    busy = [(0, HERE, "holubi všude") for _ in range(400)]
    others = [(n, HERE, "chodník") for n in range(1, 60)]
    rest = [(n, THERE, "park") for n in range(60, 200)]
    assert "holub" not in told(*heard(*busy, *others, *rest))


def test_many_people_make_a_key_word_with_their_numbers() -> None:
    here = [(n, HERE, "tma a strach") for n in range(30)] + [(n, HERE, "chodník") for n in range(30, 80)]
    there = [(n, THERE, "park a tma" if n < 103 else "park") for n in range(100, 200)]
    found = told(*heard(*here, *there))
    assert found["tma"] == (30, 80, 3, 100)
    assert "park" not in found


def test_where_nothing_differs_hardly_anything_is_told() -> None:
    chosen = random.Random(7)  # noqa: S311 - seeded on purpose
    words = ["tma", "park", "chodník", "lavička", "strom", "auto", "hluk", "koš", "lampa", "kolo", "řeka", "les"]
    said = [(n, n % 2, " ".join(chosen.sample(words, 3))) for n in range(2000)]
    assert len(told(*heard(*said))) <= 1


def test_nothing_said_is_an_ordinary_answer() -> None:
    said = said_in([], [])
    assert len(said) == 0
    assert counted(said.voices()).tolist() == []
    assert key_words(np.zeros(0, int), 0, np.zeros(0, int), 0) == []
    assert themes_of(said, [], len) == []


def test_a_phrase_stands_for_its_parts_where_most_say_it_so() -> None:
    here = [(n, HERE, "dětské hřiště") for n in range(30)] + [(n, HERE, "chodník") for n in range(30, 90)]
    there = [(n, THERE, "park") for n in range(90, 200)]
    said, parts = heard(*here, *there)
    voices, part = said.voices_of(parts)
    mine, others = voices[part == HERE], voices[part == THERE]
    found = key_words(counted(mine), mine.shape[0], counted(others), others.shape[0])
    kept = {said.units[word.unit] for word in without_doubles(found, said.units)}
    assert "dětský hřiště" in kept
    assert not kept & {"dětský", "hřiště"}


def test_a_word_that_most_negate_is_told_with_its_negation() -> None:
    here = [(n, HERE, "chybí osvětlení") for n in range(30)] + [(n, HERE, "chodník") for n in range(30, 90)]
    there = [(n, THERE, "park") for n in range(90, 200)]
    said, parts = heard(*here, *there)
    voices, part = said.voices_of(parts)
    mine, others = voices[part == HERE], voices[part == THERE]
    found = key_words(counted(mine), mine.shape[0], counted(others), others.shape[0])
    kept = {said.units[word.unit] for word in without_doubles(found, said.units)}
    assert NOT + "osvětlení" in kept
    assert "osvětlení" not in kept


# Themes and quotes


def planted() -> list[tuple[int, int, str]]:
    """Two themes: drinkers and traffic, each of three words, two of them in a comment."""
    chosen = random.Random(3)  # noqa: S311 - seeded on purpose
    drinkers, traffic = ["opilci", "bezdomovci", "feťáci"], ["auta", "rychlost", "přechod"]
    said = [(n, HERE, " a ".join(chosen.sample(drinkers, 2))) for n in range(60)]
    said += [(n, HERE, " a ".join(chosen.sample(traffic, 2))) for n in range(60, 120)]
    return [*said, *((n, THERE, "park a les") for n in range(120, 300))]


def test_words_that_are_said_together_are_one_theme() -> None:
    said, _ = heard(*planted())
    words = [
        i
        for i, unit in enumerate(said.units)
        if unit in {"opilec", "bezdomovec", "feťák", "auto", "rychlost", "přechod"}
    ]
    voices = said.voices()
    found = themes_of(said, words, lambda units: int((voices[:, list(units)].sum(axis=1) > 0).sum()))
    themes = {frozenset(said.units[i] for i in theme) for theme in found}
    assert themes == {frozenset({"opilec", "bezdomovec", "feťák"}), frozenset({"auto", "rychlost", "přechod"})}


def test_the_same_comments_give_the_same_themes() -> None:
    said, _ = heard(*planted())
    words = list(range(len(said.units)))
    assert themes_of(said, words, len) == themes_of(said, words, len)


def test_words_of_one_stem_are_near() -> None:
    assert same_stem("nebezpečný", NOT + "bezpečně")
    assert same_stem("oprava", "opravit")
    assert not same_stem("komunita", "komunikace")
    assert not same_stem("park", "parkovat")


def test_quotes_are_whole_comments_of_different_people_that_say_most_of_the_theme() -> None:
    comments = [
        (0, HERE, "Večer tu sedí opilci a bezdomovci, nechodím tudy."),
        (0, HERE, "Zase opilci, tady je to pořád dokola a nikdo nic."),
        (1, HERE, "večer tu sedí opilci a bezdomovci, nechodím tudy."),
        (6, HERE, "OPILCI A BEZDOMOVCI U NÁDRAŽÍ KAŽDÝ DEN."),
        (2, HERE, "Opilci u obchodu pokřikují na lidi."),
        (3, HERE, "opilci"),
        (4, HERE, "Opilci a bezdomovci, " + "stále dokola totéž " * 20),
        (5, HERE, "Opilci a bezdomovci u nádraží každý den."),
    ]
    said, _ = heard(*comments)
    theme = [said.units.index("opilec"), said.units.index("bezdomovec")]
    weight = np.zeros(len(said.units))
    weight[theme] = 3.0
    quotable = np.array([True] * 7 + [False])
    found = quotes(said, theme, [text for _, _, text in comments], weight, quotable, 5)
    assert sorted(int(said.person[row]) for row in found) == [0, 2]
    assert found[0] == 0


@pytest.mark.parametrize(
    "text",
    [
        "Soused Novák tu pouští psa",
        "pan Dvořák z osmičky řve",
        "Jana Nováková tu krade",
        "viděl jsem Petrem Svobodou rozbitou lampu",
        "paní Horáková ze školky",
        "volejte 777 123 456",
        "pište na a@b.cz",
        "Ing. Malý to slíbil",
    ],
)
def test_a_comment_that_names_somebody_is_not_quoted(text: str) -> None:
    assert names_somebody(text)


@pytest.mark.parametrize(
    "text",
    [
        "Večer je v podchodu tma",
        "Bělský les je krásný",
        "Hlavní nádraží a Přívoz",
        "pan na lavičce spí",
        "28. října",
    ],
)
def test_an_ordinary_comment_names_nobody(text: str) -> None:
    assert not names_somebody(text)


def test_a_comment_that_runs_people_down_is_not_quoted() -> None:
    assert runs_down("samí cikáni")
    assert runs_down("SAMI CIKANI")
    assert not runs_down("samí bezdomovci")


def shown(key: str, *texts: str) -> str:
    read = lemmas(*texts)
    seen = Spellings({key})
    for text in texts:
        seen.add(text, read.units(text))
    return seen.shown(key)


def test_a_word_is_shown_as_most_people_write_it() -> None:
    assert (
        shown("bezdomovec", *["jsou tu bezdomovci"] * 5, "Bezdomovci u nádraží", "sedí tu bezdomovec")
        == "bezdomovci"
    )
    assert shown("prostředí", "hezke prostredi", "mile prostredi", "čisté prostředí") == "prostředí"


def test_the_dictionary_form_is_shown_where_it_is_about_as_frequent() -> None:
    assert shown("chodník", "rozbitý chodník", "díry v chodníku", "auta na chodníku") == "chodník"


def test_what_has_a_capital_within_sentences_is_a_name() -> None:
    read = lemmas()
    seen = Spellings({"stodolní", "tma"})
    for text in ("chodím na Stodolní", "večer Stodolní", "Tma a zima", "je tam tma"):
        seen.add(text, read.units(text))
    assert seen.is_name("stodolní")
    assert not seen.is_name("tma")
    assert seen.shown("stodolní") == "Stodolní"

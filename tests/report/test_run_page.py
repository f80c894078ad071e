"""The page of a run says everything an evaluation holds, and nothing that could reach out or break in."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from earmark.report.pages import count, figure, percent
from earmark.report.run_page import MATRIX_CLASSES, MISTAKES, PICTURES, matrix, render_run
from earmark.wording import PICTURES as OF_PICTURES

HOSTILE = '<script>alert("x")</script>'


def cells(row):
    return [re.sub(r"\s+", " ", cell).strip() for cell in row]


def test_the_same_run_gives_the_same_bytes(make_page, rng):
    mels = {"song 003": rng.normal(size=(80, 80)).astype(np.float32)}
    page = make_page(page={"spectrograms": mels})
    assert render_run(page) == render_run(replace(page, spectrograms=dict(mels), history=list(page.history)))


def test_every_score_stands_on_the_page_with_its_interval(make_page, read):
    page = make_page()
    evaluation = page.evaluations[0]
    scores, *_ = read(render_run(page)).tables
    for column, level in ((1, evaluation.by_track), (2, evaluation.by_clip)):
        found = {row[0].strip(): cells(row)[column] for row in scores}
        assert found["Accuracy"] == interval(level.accuracy, percent)
        assert found["Macro-F1"] == interval(level.macro_f1, percent)
        assert found[f"Top-{level.top_k} accuracy"] == interval(level.top_k_accuracy, percent)
        assert found["Log loss, nats"] == interval(level.log_loss, figure)
        error = level.calibration
        assert (
            found["Calibration error"]
            == cells([f"{percent(error.ece)} (by chance up to {percent(error.ece_by_chance)})"])[0]
        )
        assert found["Majority baseline"] == cells([f"{percent(level.majority_accuracy)} always blues"])[0]
    assert cells(scores[0])[1:] == ["over 30 tracks", "over 90 clips of 30 songs"]


def interval(score, show):
    low = f"{100 * score.low:.1f}" if show is percent else show(score.low)
    return cells([f"{show(score.value)} ({low}–{show(score.high)})"])[0]


def test_every_genre_and_every_confusion_stands_on_the_page_at_both_levels(make_page, read):
    page = make_page()
    tables = read(render_run(page)).tables
    for level, genres, confusions in (
        (page.evaluations[0].by_track, tables[1], tables[2]),
        (page.evaluations[0].by_clip, tables[3], tables[4]),
    ):
        assert [cells(row) for row in genres[1:]] == [
            cells([g.genre, percent(g.f1), percent(g.precision), percent(g.recall), count(g.support)])
            for g in level.genres
        ]
        for found, genre, row in zip(confusions[1:], level.genres, level.confusion, strict=True):
            shares = [f"{n}{percent(n / sum(row), 0)}" if n else "0" for n in row]
            assert cells(found) == cells([genre.genre, *shares])


def test_what_must_be_said_beside_a_score_is_said(make_page, read):
    text = read(render_run(make_page())).text
    for sentence in (
        "Result on gtzan8: validation, which also chose the epoch",
        "Leak by clip: clips of one track stand on both sides",
        "Split: by clip, 9600 train / 2400 valid, seed 7. Judged: 30 tracks. Seed of training: 11.",
        "Left out: unreadable (4).",
        "Always answering blues would be right for 33.3 %.",
        "the 95 % interval, from 50 bootstrap resamples of whole songs",
        "Two kernel sizes see two shapes at once.",
        "61,071 parameters",
        "research use",
    ):
        assert " ".join(sentence.split()) in text


def test_a_test_without_leaks_is_called_a_test(make_page, read):
    text = read(render_run(make_page(part="test", chosen_on_it=False, leak=None))).text
    assert "Result on gtzan8: test " in text
    assert "chose the epoch" not in text
    assert "Leak" not in text


@pytest.mark.parametrize("where", ["evaluation", "data"])
def test_synthetic_data_are_called_synthetic(make_page, read, where):
    page = make_page(synthetic=where == "evaluation")
    if where == "data":
        page = replace(page, data=replace(page.data, synthetic=True))
    assert read(render_run(page)).text.count("synthetic data") == 2
    assert "synthetic data" not in read(render_run(make_page())).text


def test_a_run_judged_on_whole_tracks_has_no_clip_level(make_page, read):
    page = read(render_run(make_page(clips=1)))
    assert [len(row) for row in page.tables[0]] == [2] * 7
    assert "clips" not in page.text.replace("clips of one track", "")


def test_clips_of_unknown_songs_are_the_headline(make_page, read):
    page = make_page(by_track=None, tracks=90)
    found = read(render_run(page))
    assert "of 90 clips recognised" in found.text
    assert "Judged: 90 clips." in found.text
    assert cells(found.tables[0][0])[1:] == ["over 90 clips of 30 songs"]


@pytest.mark.parametrize("classes", [2, 12, 13, MATRIX_CLASSES])
def test_a_readable_number_of_classes_has_a_matrix(make_page, read, classes):
    page = make_page([f"genre {i}" for i in range(classes)], songs=2 * classes, clips=1)
    confusions = read(render_run(page)).tables[2]
    assert len(confusions) == classes + 1
    assert {len(row) for row in confusions} == {classes + 1}


@pytest.mark.parametrize("classes", [MATRIX_CLASSES + 1, 100])
def test_with_many_classes_the_commonest_confusions_are_listed(make_page, read, classes):
    page = make_page([f"genre {i:03d}" for i in range(classes)], songs=4 * classes, clips=1)
    listed = read(render_run(page)).tables[2][1:]
    assert 0 < len(listed) <= 30
    scores = page.evaluations[0].by_track
    counts = [int(row[2]) for row in listed]
    wrong = sorted((n for i, row in enumerate(scores.confusion) for j, n in enumerate(row) if i != j), reverse=True)
    assert counts == wrong[: len(counts)]
    for truth, guess, n, _ in listed:
        assert scores.confusion[int(truth[-3:])][int(guess[-3:])] == int(n)


@pytest.mark.parametrize(("classes", "folded"), [(MATRIX_CLASSES, 0), (MATRIX_CLASSES + 1, 2)])
def test_long_tables_by_genre_are_folded_away(make_page, classes, folded):
    html = render_run(make_page([f"genre {i:03d}" for i in range(classes)], songs=4 * classes, clips=1))
    assert html.count(f"<details><summary>{classes} genres</summary>") == folded


def test_of_pictures_it_says_pictures_and_shows_them_in_true_proportions(make_page, read):
    page = make_page(("crab", "rose", "rocket"), clips=1, calibrated_on="40 tracks of the validation part")
    pictures = {name: np.full((3, 32, 32), 0.5, np.float32) for name in page.predictions.ids}
    page = replace(page, data=replace(page.data, wording=OF_PICTURES), spectrograms=pictures)
    found = read(render_run(page))
    for sentence in (
        "of 30 pictures recognised",
        "bootstrap resamples of pictures.",
        "Calibrated on 40 pictures of the validation part",
        "Rows: the true class.",
        "Pictures3,627 in 3 classes",
        "Pictures per class and part.",
    ):
        assert sentence in found.text
    assert all(alt.startswith("Picture of ") for alt in found.values("alt"))
    assert found.values("class").count("true") == len(found.values("alt")) > 0
    assert "Log-mel spectrograms" not in found.text


def test_rows_of_the_matrix_are_shares_of_the_truth(make_page):
    scores = make_page().evaluations[0].by_clip
    for (genre, row), known in zip(matrix(scores), scores.genres, strict=True):
        assert genre == known.genre
        assert sum(cell.share for cell in row) == pytest.approx(1)
        assert [cell.share for cell in row if cell.right] == [pytest.approx(known.recall)]


@pytest.mark.parametrize("n_epochs", [1, 2, 50])
def test_the_history_is_a_table_and_two_curves(make_page, read, n_epochs):
    html = render_run(make_page(n_epochs=n_epochs))
    rows = next(table for table in read(html).tables if table[0][0] == "Epoch")
    assert len(rows) == n_epochs + 1
    assert rows[-1][0] == f"{n_epochs} (kept)"
    assert cells(rows[1])[2:] == cells(["2.000", percent(0.2), "2.000", percent(0.2), "4.2"])
    drawings = [ET.fromstring(svg) for svg in re.findall(r"<svg viewBox.*?</svg>", html, re.S)]
    shape = "circle" if n_epochs == 1 else "polyline"
    assert [len([e for e in svg if e.tag == shape and e.get("class") == "train"]) for svg in drawings] == [1, 1]


def test_a_model_without_epochs_has_no_curves(make_page, read):
    found = read(render_run(make_page(page={"history": (), "kept_epoch": None})))
    assert not any(name.startswith("Loss") for name in found.values("aria-label"))
    assert "Learning curves" not in found.text


def test_a_training_that_diverged_or_had_no_valid_part_still_has_a_page(make_page, make_epochs, read):
    history = make_epochs(3, train_loss=float("nan"), valid_loss=None, valid_accuracy=None)
    rows = next(t for t in read(render_run(make_page(page={"history": history}))).tables if t[0][0] == "Epoch")
    assert cells(rows[1])[2:] == ["–", cells([percent(0.2)])[0], "–", "–", "4.2"]


def test_the_mistakes_are_the_surest_wrong_answers_and_the_first_have_pictures(make_page, read, rng):
    page = make_page(songs=60)
    songs = page.predictions.by_song()
    wrong = sorted(
        (i for i in range(60) if songs.guesses[i] != songs.truth[i]), key=lambda i: -songs.probabilities[i].max()
    )
    mels = {song: rng.normal(size=(80, 90)).astype(np.float32) for song in songs.ids}
    found = read(render_run(replace(page, spectrograms=mels)))
    listed = next(table for table in found.tables if table[0][0] == "Track")[1:]
    assert [row[0] for row in listed] == [songs.ids[i] for i in wrong[:MISTAKES]]
    assert found.values("alt") == [f"Spectrogram of {songs.ids[i]}" for i in wrong[:PICTURES]]


def test_nothing_is_fetched_and_nothing_runs(make_page, read, rng):
    mels = {f"song {i:03d}": rng.normal(size=(80, 80)).astype(np.float32) for i in range(30)}
    html = render_run(make_page(page={"spectrograms": mels}))
    found = read(html)
    assert {"script", "link", "iframe", "object"}.isdisjoint(found.tags)
    assert all(value.startswith("data:image/png;base64,") for value in found.values("src"))
    assert [value for value in found.values("href") if not value.startswith("#")] == ["https://example.org/gtzan"]
    assert [name for _, name, _ in found.attributes if name.startswith("on")] == []
    assert "@import" not in html
    assert "url(" not in html
    assert {f"#{name}" for name in found.values("id")} >= {v for v in found.values("href") if v.startswith("#")}


def test_hostile_names_are_shown_as_text(make_page, read):
    page = make_page((HOSTILE, '"><img src=x onerror=alert(1)>'), leak=HOSTILE, split=HOSTILE, page={"name": HOSTILE})
    page = replace(page, data=replace(page.data, source="javascript:alert(1)", licence=HOSTILE))
    found = read(render_run(page))
    assert {"script", "img"}.isdisjoint(found.tags)
    assert all(value.startswith("#") for value in found.values("href"))
    assert [name for _, name, _ in found.attributes if name.startswith("on")] == []
    assert found.text.count(HOSTILE) > 5


def test_the_largest_page_is_small_enough_to_send(make_page, rng):
    mels = {f"song {i:03d}": rng.normal(-40, 20, size=(128, 1292)).astype(np.float32) for i in range(200)}
    page = make_page([f"genre {i}" for i in range(100)], songs=200, n_epochs=200, page={"spectrograms": mels})
    assert len(render_run(page).encode()) < 1_500_000

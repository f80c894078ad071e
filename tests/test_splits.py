"""Splits: who stands where, how it is drawn and written, and what leaks."""

from __future__ import annotations

import csv
import inspect
import typing
from collections import Counter

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from earmark.errors import DataError, UsageError
from earmark.recipe import SplitSettings
from earmark.splits import Kind, Split, draw, read_split
from earmark.tracks import Dataset, Track

GENRES = ("blues", "jazz", "rock")
GROUPED_BY = {
    "by_clip": lambda track: track.id,
    "by_track": lambda track: track.song,
    "by_artist": lambda track: track.artist or track.song,
}


def dataset(tracks, name="miniature", **fields):
    return Dataset(name, "text", GENRES, tuple(tracks), read=str, **fields)


def clips_of(songs, clips=3, artists=None):
    """`songs` songs a genre, each of `clips` clips, by `artists` artists a genre."""
    return [
        Track(
            id=f"{genre}.{song:03d}#{clip}",
            song=f"{genre}.{song:03d}",
            genres=(genre,),
            artist=f"{genre} band {song % artists}" if artists else None,
        )
        for genre in GENRES
        for song in range(songs)
        for clip in range(clips)
    ]


def whole_songs(songs):
    return [msgspec.structs.replace(track, id=track.song) for track in clips_of(songs, clips=1)]


@st.composite
def datasets(draw):
    """Data of uneven genres, songs of several clips, and some unknown artists."""
    songs = draw(st.lists(st.tuples(st.sampled_from(GENRES), st.integers(1, 4), st.integers(0, 7)), min_size=12))
    return dataset(
        Track(id=f"s{i}c{clip}", song=f"s{i}", genres=(genre,), artist=f"band {artist}" if artist else None)
        for i, (genre, clips, artist) in enumerate(songs)
        for clip in range(clips)
    )


class TestRandom:
    @pytest.mark.parametrize("kind", GROUPED_BY)
    @given(data=datasets(), seed=st.integers(0, 99))
    @settings(max_examples=40, deadline=None)
    def test_everyone_stands_once_and_groups_together(self, kind, data, seed):
        assume(len({GROUPED_BY[kind](track) for track in data.tracks}) >= 4)
        split = draw(data, kind=kind, valid=0.25, seed=seed)
        assert split.parts.keys() == {track.id for track in data.tracks}
        sides = {(GROUPED_BY[kind](track), split.parts[track.id]) for track in data.tracks}
        assert max(Counter(group for group, _ in sides).values()) == 1

    @given(data=datasets(), seed=st.integers(0, 9), order=st.randoms())
    @settings(max_examples=40, deadline=None)
    def test_the_order_of_the_tracks_changes_nothing(self, data, seed, order):
        shuffled = list(data.tracks)
        order.shuffle(shuffled)
        for kind in ("by_clip", "by_track"):
            assert draw(data, kind=kind, seed=seed) == draw(dataset(shuffled), kind=kind, seed=seed)

    @pytest.mark.parametrize("kind", GROUPED_BY)
    def test_the_seed_decides(self, kind):
        data = dataset(clips_of(30, artists=15))
        assert draw(data, kind=kind, seed=4) == draw(data, kind=kind, seed=4)
        assert draw(data, kind=kind, seed=4).checksum != draw(data, kind=kind, seed=5).checksum

    def test_the_draw_is_the_same_on_every_machine_and_in_every_release(self):
        split = draw(dataset(whole_songs(4)), valid=0.25, seed=1)
        assert [name for name, part in split.parts.items() if part == "valid"] == ["blues.000", "jazz.000", "rock.001"]

    @given(counts=st.tuples(*[st.integers(10, 40)] * 3), valid=st.floats(0.1, 0.4), test=st.sampled_from([0.0, 0.2]))
    @settings(max_examples=50, deadline=None)
    def test_sizes_and_genres_are_what_was_asked_to_within_a_track_or_two(self, counts, valid, test):
        tracks = [Track(id=f"{g}{i}", genres=(g,)) for g, n in zip(GENRES, counts, strict=True) for i in range(n)]
        split = draw(dataset(tracks), valid=valid, test=test)
        for part, share in (("valid", valid), ("test", test)):
            found = Counter(track.genre for track in tracks if split.parts[track.id] == part)
            assert found.total() == pytest.approx(share * len(tracks), abs=2)
            for genre, n in zip(GENRES, counts, strict=True):
                assert found[genre] == pytest.approx(share * n, abs=1.5)

    def test_shares_that_divide_are_met_exactly(self):
        data = dataset(clips_of(50))
        split = draw(data, valid=0.2, test=0.1)
        assert split.sizes == {"train": 315, "valid": 90, "test": 45}
        for part, songs in (("train", 35), ("valid", 10), ("test", 5)):
            assert data.only(split.tracks(data, part)).counts() == dict.fromkeys(GENRES, 3 * songs)

    def test_artists_of_uneven_size_still_balance_the_genres(self, rng):
        sizes = {genre: rng.integers(1, 9, size=40) for genre in GENRES}
        tracks = [
            Track(id=f"{genre}-{artist}-{i}", genres=(genre,), artist=f"{genre}-{artist}")
            for genre in GENRES
            for artist, n in enumerate(sizes[genre])
            for i in range(n)
        ]
        data = dataset(tracks)
        valid = data.only(draw(data, kind="by_artist", valid=0.2).tracks(data, "valid"))
        for genre, count in data.counts().items():
            assert valid.counts()[genre] == pytest.approx(0.2 * count, abs=1)

    def test_without_stratification_only_the_total_is_kept(self):
        data = dataset(clips_of(100, clips=1))
        found = [
            data.only(draw(data, kind="by_clip", stratify=False, seed=seed).tracks(data, "valid")).counts()
            for seed in range(20)
        ]
        assert {sum(counts.values()) for counts in found} == {60}
        # 60 of 300 without replacement: hypergeometric with mean 20 and standard deviation 3.3
        assert np.std([counts["jazz"] for counts in found]) == pytest.approx(3.3, abs=1.5)

    def test_tracks_without_a_genre_are_left_out_and_counted(self):
        split = draw(dataset([*whole_songs(10), Track(id="nameless")]))
        assert "nameless" not in split.parts
        assert split.left_out == {"no genre": 1}

    def test_a_song_without_an_artist_stands_alone_and_that_is_said(self):
        tracks = clips_of(20, clips=2, artists=5)
        tracks += [Track(id=f"lost{i}#{c}", song=f"lost{i}", genres=("jazz",)) for i in range(2) for c in range(3)]
        data = dataset(tracks)
        split = draw(data, kind="by_artist", valid=0.3)
        assert split.note == "6 tracks name no artist: each song of theirs counts as an artist of its own"
        assert split.leaks(data).songs == ()
        assert split.leaks(data).artists_unknown == 6

    def test_a_genre_of_one_artist_cannot_be_on_both_sides_and_that_is_said(self):
        tracks = clips_of(6, clips=1, artists=6)
        tracks += [Track(id=f"x{i}", genres=("rock",), artist="rock band 0") for i in range(9)]
        lonely = [t for t in tracks if t.genre != "rock" or t.artist == "rock band 0"]
        notes = {draw(dataset(lonely), kind="by_artist", folds=2, fold=fold).note for fold in range(2)}
        assert notes == {"", "train has no track of rock"}

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"valid": 0.6, "test": 0.4}, r"split.valid=0.6 and split.test=0.4: shares from 0"),
            ({"valid": -0.1}, r"split.valid=-0.1"),
            ({"valid": float("nan")}, r"split.valid=nan"),
            ({"valid": 0.0}, r"both 0: nothing is left to judge"),
            ({"folds": 1}, r"split.folds=1: it takes 2 folds or more"),
            ({"folds": 5, "fold": 5}, r"split.fold=5 of split.folds=5"),
            ({"folds": 5, "test": 0.2}, r"split.test=0.2 beside split.folds: the fold is the test part"),
            ({"path": "mine.csv"}, r"split.kind='by_track' with split.path='mine.csv'"),
            ({"kind": "file"}, r"kind 'file' needs a path"),
        ],
    )
    def test_settings_that_do_not_fit_are_refused(self, options, message):
        with pytest.raises(UsageError, match=message):
            draw(dataset(whole_songs(10)), **options)

    @pytest.mark.parametrize(
        ("kind", "message"), [("by_track", "2 tracks are too few"), ("by_artist", "1 artists are too few")]
    )
    def test_too_few_groups_are_refused(self, kind, message):
        tracks = [Track(id=f"{song}{i}", song=song, genres=("jazz",), artist="Monk") for song in "ab" for i in range(4)]
        with pytest.raises(DataError, match=f"miniature: {message} for parts of 60%, 20%, 20%"):
            draw(dataset(tracks), kind=kind, valid=0.2, test=0.2)

    def test_no_genre_at_all_is_too_few(self):
        with pytest.raises(DataError, match="0 tracks are too few"):
            draw(dataset([Track(id="a"), Track(id="b")]))

    @pytest.mark.parametrize("kind", ["by_track", "by_artist"])
    def test_clips_of_unnamed_songs_cannot_be_kept_together(self, kind):
        unnamed = dataset([Track(id=str(i), genres=("jazz",)) for i in range(20)], songs_known=False)
        with pytest.raises(UsageError, match="does not name the songs of its clips"):
            draw(unnamed, kind=kind)
        assert draw(unnamed, kind="by_clip").sizes == {"train": 16, "valid": 4}

    def test_clips_of_unnamed_songs_can_be_split_by_artists_that_are_named(self):
        tracks = [Track(id=str(i), genres=("jazz",), artist=f"band {i % 10}") for i in range(40)]
        data = dataset(tracks, songs_known=False)
        assert draw(data, kind="by_artist").leaks(data).artists == ()


class TestFolds:
    @pytest.mark.parametrize("kind", GROUPED_BY)
    def test_each_track_is_tested_once(self, kind):
        data = dataset(clips_of(20, clips=2, artists=20))
        splits = [draw(data, kind=kind, folds=4, fold=fold) for fold in range(4)]
        tested = Counter(name for split in splits for name, part in split.parts.items() if part == "test")
        assert tested == Counter(track.id for track in data.tracks)
        for split in splits:
            assert split.sizes == {"train": 72, "valid": 18, "test": 30}
            assert data.only(split.tracks(data, "test")).counts() == dict.fromkeys(GENRES, 10)
            assert kind == "by_clip" or not split.leaks(data).songs

    def test_without_validation_the_rest_is_train(self):
        assert draw(dataset(whole_songs(10)), folds=5, valid=0).sizes == {"train": 24, "test": 6}

    def test_fewer_songs_than_folds(self):
        with pytest.raises(DataError, match="too few"):
            draw(dataset(whole_songs(1)), folds=5)


class TestAsGiven:
    def test_takes_what_the_data_hand_out(self):
        data = dataset(
            [
                Track(id="a", genres=("jazz",), part="train"),
                Track(id="b", genres=("rock",), part="test"),
                Track(id="c", genres=("rock",)),
                Track(id="d", part="test"),
            ]
        )
        split = draw(data, kind="as_given")
        assert split.parts == {"a": "train", "b": "test"}
        assert split.left_out == {"no part given": 1, "no genre": 1}
        assert split.note == "train has no track of rock"
        assert split.seed is None

    def test_a_judging_set_alone_is_fine(self):
        split = draw(dataset([Track(id="a", genres=("jazz",), part="test")]), kind="as_given")
        assert (split.sizes, split.note) == ({"test": 1}, "")

    def test_no_parts_is_an_error(self):
        with pytest.raises(UsageError, match=r"hands out no parts of its own; set split\.kind to 'by_track'"):
            draw(dataset(whole_songs(2)), kind="as_given")


class TestFile:
    @pytest.mark.parametrize(
        "options", [{"seed": 7}, {"kind": "by_clip", "folds": 3, "fold": 2}, {"kind": "by_artist", "valid": 0.3}]
    )
    def test_reading_gives_back_what_was_written(self, tmp_path, options):
        split = draw(dataset([*clips_of(9, artists=4), Track(id="nameless"), *whole_songs(2)]), **options)
        split.write(tmp_path / "split.csv")
        assert read_split(tmp_path / "split.csv") == split

    @given(
        parts=st.dictionaries(
            st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1),
            st.sampled_from(["train", "valid", "test"]),
            min_size=1,
        )
    )
    @settings(max_examples=50, deadline=None)
    def test_any_id_survives(self, parts, tmp_path_factory):
        path = tmp_path_factory.mktemp("split") / "split.csv"
        split = Split(kind="file", parts=parts, note='a "quoted", note', left_out={"no, genre": 3})
        split.write(path)
        assert read_split(path) == split

    def test_the_table_is_plain_csv(self, tmp_path):
        draw(dataset(whole_songs(10))).write(tmp_path / "split.csv")
        with (tmp_path / "split.csv").open(newline="") as file:
            rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
        assert len(rows) == 30
        assert rows[0].keys() == {"id", "part"}

    def test_a_list_of_ones_own_is_welcome_even_from_a_spreadsheet(self, tmp_path):
        path = tmp_path / "mine.csv"
        path.write_text("\ufeff# my list,,\r\ngenre,id,part\r\nblues,blues.000,train\r\n\r\nrock,rock.001,test\r\n")
        split = read_split(path)
        assert split == Split(kind="file", parts={"blues.000": "train", "rock.001": "test"})
        assert split.describe() == "own list, 1 train / 1 test"

    def test_a_drawn_file_saved_by_a_spreadsheet_still_holds(self, tmp_path):
        split = draw(dataset(whole_songs(5)))
        split.write(tmp_path / "split.csv")
        lines = (tmp_path / "split.csv").read_text().splitlines()
        saved = [f"{line}," if line.startswith("#") else line for line in lines]
        (tmp_path / "saved.csv").write_text("\ufeff" + "\r\n".join(saved) + "\r\n", encoding="utf-8")
        assert read_split(tmp_path / "saved.csv") == split

    def test_an_edited_list_is_refused_until_it_is_called_ones_own(self, tmp_path):
        path = tmp_path / "split.csv"
        draw(dataset(whole_songs(5))).write(path)
        edited = path.read_text().replace(",valid", ",train", 1)
        path.write_text(edited)
        with pytest.raises(DataError, match=r"split.csv: the list was changed after it was drawn .*delete the lines"):
            read_split(path)
        path.write_text("".join(line for line in edited.splitlines(keepends=True) if not line.startswith("#")))
        assert read_split(path).kind == "file"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "the columns must be id,part; they are missing"),
            ("track;part\na;train\n", "the columns must be id,part; they are track;part"),
            ("id,part\n", "holds no tracks"),
            ("id,part\na,train\na,test\n", "line 3: 'a' stands in the list twice"),
            ("id,part\na,validation\n", "line 2: part 'validation' is not train, valid or test; did you mean 'valid'"),
            ("id,part\na,train,b\n", "line 2: 3 columns, not 2"),
            ("# earmark split format 2\nid,part\na,train\n", "'earmark split format 2' is not the format 1 this"),
            ("# earmark split format 1\n# kind: by_moon\nid,part\na,train\n", "comment lines .* 'by_moon'"),
            ("# earmark split format 1\nid,part\na,train\n", "comment lines .* `kind`"),
        ],
    )
    def test_what_is_wrong_is_said(self, tmp_path, text, message):
        (tmp_path / "split.csv").write_text(text)
        with pytest.raises(DataError, match=f"split.csv: .*{message}"):
            read_split(tmp_path / "split.csv")

    def test_a_file_that_is_not_there_or_not_text(self, tmp_path):
        (tmp_path / "split.csv").write_bytes(b"\xff\xfe\x00id")
        for name in ("split.csv", "gone.csv"):
            with pytest.raises(DataError, match=f"{name}: cannot be read as a split"):
                read_split(tmp_path / name)

    def test_drawing_from_a_list(self, tmp_path):
        path = tmp_path / "mine.csv"
        path.write_text("id,part\nblues.000,train\nrock.001,test\nnameless,test\n")
        split = draw(dataset([*whole_songs(3), Track(id="nameless")]), kind="file", path=str(path))
        assert split.parts == {"blues.000": "train", "rock.001": "test"}
        assert split.left_out == {"not in the list": 7, "no genre": 1}
        assert split.note == "train has no track of rock"

    def test_a_drawn_list_keeps_how_it_was_drawn(self, tmp_path):
        data = dataset(clips_of(10, artists=5))
        drawn = draw(data, kind="by_artist", seed=3)
        drawn.write(tmp_path / "split.csv")
        assert draw(data, kind="file", path=str(tmp_path / "split.csv")) == drawn

    def test_unknown_tracks_are_named(self, tmp_path):
        path = tmp_path / "mine.csv"
        path.write_text("id,part\nblues.000,train\nblues.0001,test\n")
        with pytest.raises(DataError, match=r"1 of 2 tracks are not in miniature; .*'blues.0001'; did you mean 'blues"):
            draw(dataset(whole_songs(3)), kind="file", path=str(path))


class TestLeaks:
    def test_clips_on_both_sides(self):
        data = dataset(clips_of(10))
        leaks = draw(data, kind="by_clip").leaks(data)
        assert len(leaks.songs) > 10
        assert leaks.sentence == (
            "by clip: clips of one track stand on both sides; expect a lower score on unseen music"
        )

    def test_exactly_the_songs_that_leak_are_named(self):
        data = dataset(clips_of(2, clips=2))
        parts = {track.id: "train" for track in data.tracks}
        parts |= {"jazz.001#0": "valid", "rock.000#0": "test", "rock.000#1": "test"}
        assert Split(kind="file", parts=parts).leaks(data).songs == ("jazz.001",)

    def test_a_song_in_valid_and_test_alone_is_not_learned_from(self):
        data = dataset(clips_of(1, clips=2))
        parts = {track.id: "train" for track in data.tracks} | {"jazz.000#0": "valid", "jazz.000#1": "test"}
        assert Split(kind="file", parts=parts).leaks(data).sentence is None

    def test_unnamed_songs(self):
        data = dataset([Track(id=str(i), genres=("jazz",)) for i in range(20)], songs_known=False)
        leaks = draw(data, kind="by_clip").leaks(data)
        assert (leaks.songs, leaks.songs_unknown) == ((), True)
        assert leaks.sentence == (
            "by clip: clips of one track stand on both sides; expect a lower score on unseen music "
            "(the data do not name the songs and hand them out over clips)"
        )

    def test_unnamed_songs_of_a_judging_set_alone_leak_nothing(self):
        data = dataset([Track(id="a", genres=("jazz",), part="test")], songs_known=False)
        assert draw(data, kind="as_given").leaks(data).sentence is None

    def test_artists_on_both_sides(self):
        data = dataset(clips_of(30, clips=2, artists=2))
        leaks = draw(data, kind="by_track", valid=0.4).leaks(data)
        assert (leaks.songs, leaks.artists) == ((), tuple(f"{genre} band {i}" for genre in GENRES for i in range(2)))
        assert leaks.sentence == "by track: 6 artists stand on both sides; expect a lower score on unseen artists"

    def test_one_artist_on_both_sides(self):
        data = dataset([Track(id=x, genres=("jazz",), artist="Monk") for x in "ab"])
        leaks = Split(kind="file", parts={"a": "train", "b": "valid"}).leaks(data)
        assert leaks.sentence == "by track: 1 artist stands on both sides; expect a lower score on unseen artists"

    def test_by_artist_leaks_nothing(self):
        data = dataset(clips_of(20, clips=2, artists=8))
        leaks = draw(data, kind="by_artist").leaks(data)
        assert (leaks.songs, leaks.artists, leaks.artists_unknown, leaks.sentence) == ((), (), 0, None)

    def test_unknown_artists_are_no_one_artist(self):
        data = dataset(whole_songs(10))
        leaks = draw(data).leaks(data)
        assert (leaks.artists, leaks.artists_unknown, leaks.sentence) == ((), 30, None)

    def test_a_split_of_other_data_is_refused(self):
        split = Split(kind="file", parts={"blues.00": "train"})
        with pytest.raises(DataError, match=r"miniature: no track 'blues\.00'; did you mean 'blues\.00"):
            split.leaks(dataset(whole_songs(2)))


class TestDescribe:
    def test_kind_sizes_and_seed(self):
        assert draw(dataset(whole_songs(50)), seed=3).describe() == "by track, 120 train / 30 valid, seed 3"

    def test_folds(self):
        split = draw(dataset(whole_songs(50)), folds=5, fold=2)
        assert split.describe() == "by track, 5 folds, fold 2, 96 train / 24 valid / 30 test, seed 1"

    def test_tracks_keep_the_order_of_the_data(self):
        data = dataset(reversed(whole_songs(10)))
        valid = draw(data).tracks(data, "valid")
        assert [track.id for track in valid] == sorted((track.id for track in valid), reverse=True)


def test_the_recipe_and_draw_say_the_same():
    options = {name: p for name, p in inspect.signature(draw).parameters.items() if p.kind is p.KEYWORD_ONLY}
    fields = {field.name: field.default for field in msgspec.structs.fields(SplitSettings)}
    assert {name: p.default for name, p in options.items()} == fields
    assert typing.get_type_hints(SplitSettings)["kind"] == Kind


@pytest.fixture(scope="module")
def gtzan(shared):
    folder = shared / "gtzan"
    with (folder / "artists.csv").open(newline="", encoding="utf-8") as file:
        artists = {row["id"]: row["artist"] or None for row in csv.DictReader(file)}
    parts = {
        name: part
        for part in ("train", "valid", "test")
        for name in (folder / "splits" / f"{part}_filtered.txt").read_text().split()
    }
    genres = sorted({name.partition(".")[0] for name in artists})
    tracks = (
        Track(id=name, genres=(name.partition(".")[0],), artist=artist, part=parts.get(name))
        for name, artist in sorted(artists.items())
    )
    return Dataset("gtzan", "log_mel", tuple(genres), tuple(tracks), read=str)


class TestGtzan:
    def test_the_fault_filtered_lists_share_no_artist(self, gtzan):
        split = draw(gtzan, kind="as_given")
        assert split.sizes == {"train": 443, "valid": 197, "test": 290}
        assert split.left_out == {"no part given": 70}
        assert split.leaks(gtzan).sentence is None

    def test_a_random_split_of_songs_shares_most_artists(self, gtzan):
        assert len(draw(gtzan, kind="by_track").leaks(gtzan).artists) > 50

    def test_artist_folds_are_as_even_as_scikit_learns(self, gtzan):
        ids = np.array([track.id for track in gtzan.tracks])
        y = gtzan.labels(gtzan.tracks)
        artists = np.array([track.artist or track.id for track in gtzan.tracks])
        theirs = [rows for _, rows in StratifiedGroupKFold(5, shuffle=True, random_state=1).split(ids, y, artists)]
        splits = [draw(gtzan, kind="by_artist", folds=5, fold=fold) for fold in range(5)]
        ours = [np.array([split.parts[name] == "test" for name in ids]) for split in splits]
        assert all(split.leaks(gtzan).artists == () for split in splits)

        def unevenness(folds):
            genres = np.array([np.bincount(y[rows], minlength=10) for rows in folds])
            return ((genres - 20) ** 2).sum(), ((genres.sum(1) - 200) ** 2).sum()

        assert unevenness(ours)[0] <= 1.1 * unevenness(theirs)[0]
        assert unevenness(ours)[1] <= unevenness(theirs)[1]

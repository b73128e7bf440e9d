"""The stand-ins do what tests count on."""

from tests.fakes import fake_pipeline, photo_of

# Numbers whose pattern, inverted, has a spot as magenta as a frame.
SPOTTED = (77,)


def test_a_drawn_person_is_found_once_and_searched_whatever_the_number():
    pipeline = fake_pipeline()
    for person in (*SPOTTED, *range(10_300, 10_330)):
        analysis = pipeline.analyse(photo_of(person))
        assert len(analysis.faces) == 1
        assert analysis.embedding is not None, person

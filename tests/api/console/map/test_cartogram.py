"""The tile map: every province once, near its neighbours."""

from api.console.map.cartogram import HEIGHT, SHORT, SIZE, TILES, WIDTH


def test_every_province_has_one_tile_of_its_own():
    assert len(TILES) == 38
    assert {tile.code for tile in TILES} == set(SHORT)
    assert len({(tile.x, tile.y) for tile in TILES}) == 38


def test_every_tile_lies_within_the_drawing():
    assert all(0 <= tile.x <= WIDTH - SIZE and 0 <= tile.y <= HEIGHT - SIZE for tile in TILES)


def test_the_country_lies_as_on_a_map():
    """West before east, north before south, of provinces that everybody can place."""
    place = {tile.short: (tile.x, tile.y) for tile in TILES}
    west_to_east = ["Aceh", "Lampung", "DKI", "Jatim", "Bali", "NTT", "Maluku", "Papua"]
    assert sorted(west_to_east, key=lambda short: place[short][0]) == west_to_east
    assert place["Kaltara"][1] < place["Kalsel"][1] < place["Jateng"][1] < place["DIY"][1]

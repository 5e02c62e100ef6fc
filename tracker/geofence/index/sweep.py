"""Sweep: an index without what removed geofences left in it, in the same order. Nothing is divided anew."""

import numpy as np

from tracker.geofence.index.division import Division
from tracker.geofence.index.lookup import CellTable, make_table
from tracker.geofence.index.pieces import Pieces
from tracker.geofence.shape.arrays import Bools, Ints, Longs, ends, runs


def sweep(pieces: Pieces, division: Division, look: CellTable) -> tuple[Pieces, Division, CellTable]:
    alive = pieces.fence >= 0
    entry_alive = alive[division.piece]
    begin = pieces.vertex
    count = np.append(begin[1:], np.int32(len(division.vertices))) - begin
    vertex_begin = ends(count * alive)[:-1].astype(np.int32)
    moved = (vertex_begin - begin)[division.piece[entry_alive]]
    edge_count = (division.first[1:] - division.first[:-1])[entry_alive]
    owner, edge = runs(division.first[:-1][entry_alive], edge_count)
    kept_division = Division(
        division.key,
        renumber(alive)[division.piece[entry_alive]],
        division.kind[entry_alive],
        ends(edge_count).astype(np.int32),
        division.edges[edge] + moved[owner],
        division.vertices[np.repeat(alive, count)],
    )
    kept_pieces = Pieces(
        pieces.fence[alive], pieces.reach[alive], pieces.shape[alive], vertex_begin[alive], pieces.error[alive]
    )
    return kept_pieces, kept_division, thin(look, entry_alive)


def thin(look: CellTable, alive: Bools) -> CellTable:
    """Only the entries alive, renumbered; cells left without one go."""
    stays = alive[look.order]
    left: Longs = ends(stays.astype(np.int32))[look.offset]
    filled = left[1:-1] > left[:-2]
    offset = np.concatenate((left[:-2][filled], left[-2:])).astype(np.int32)
    cells = np.concatenate((look.cells[:-1][filled], look.cells[-1:]))
    return make_table(cells, offset, renumber(alive)[look.order[stays]])


def renumber(alive: Bools) -> Ints:
    """Each one's number when only those alive are counted."""
    return (np.cumsum(alive) - 1).astype(np.int32)

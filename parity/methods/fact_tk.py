"""FacT-TK by its authors' `set_FacT`; their P is one matrix, cut into the columns of each matrix here."""

from hooked_vit import Part
from methods.fact_tt import set_fact

PEER = "JieShibo/PETL-ViT"
CASES = {"fact-tk": {"rank": 3, "scale": 2}}
FUSED = True


def place(vit, peer, options):
    parts = set_fact(vit, peer, "FacT/fact_tk.py", options)
    parts["shared.core"] = Part(vit.FacTc, True)
    column = 0
    for i in range(len(vit.blocks)):
        for name, squares in (("q", 1), ("k", 1), ("v", 1), ("o", 1), ("fc1", 4), ("fc2", 4)):
            columns = slice(column, column + squares)
            parts[f"blocks.{i}.{name}.p"] = Part(vit.FacTp, True, lambda value, columns=columns: value[:, columns])
            column += squares
    assert column == vit.FacTp.shape[1]
    return parts

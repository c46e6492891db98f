"""Writes MATLAB files that are the same at every run: SciPy's header has the time of writing."""

from scipy.io import savemat


def save_mat(path, arrays, compress=True):
    savemat(path, arrays, do_compression=compress, oned_as="row")
    with open(path, "r+b") as file:
        file.write(b"MATLAB 5.0 MAT-file".ljust(116))

"""Reads and writes the bytes of ONNX files, as far as nets here need it: the package onnx need not be installed."""

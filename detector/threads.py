"""Threads that image operations may start on their own."""

import cv2


def use_threads(count: int) -> None:
    """Let OpenCV use `count` threads for one operation, in the whole process.

    A service that already works on several photos at a time wants 1: more would only make them
    wait for each other. (ONNX Runtime sets it per session, FAISS per calling thread.)
    """
    cv2.setNumThreads(count)

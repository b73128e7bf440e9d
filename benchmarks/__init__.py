"""Speed and accuracy, one command each; speed always beside a peer in the same run.

    python -m benchmarks                     everything that needs no data set
    python -m benchmarks speed               photo bytes to embedding, beside stock OpenCV 4
    python -m benchmarks photo FOLDER        photo bytes to embedding, here and in another checkout
    python -m benchmarks profile             which functions the time of a photo goes to
    python -m benchmarks compile             compiled networks beside the same weights as shipped
    python -m benchmarks search              exact search beside FAISS and the memory's speed
    python -m benchmarks load                the running service over HTTP, and under overload
    python -m benchmarks console             from a port's request to faces in an open queue
    python -m benchmarks growth              pages, reports and erasure at a million encounters
    python -m benchmarks crash               what SIGKILL at random moments loses: nothing
    python -m benchmarks attack              what attacks cost the running service, and the port
    python -m benchmarks public              screening while the form for the public is flooded
    python -m benchmarks startup             what a short command costs, from start to end
    python -m benchmarks accuracy FOLDER     misses and false alarms, by folder of photos a person
    python -m benchmarks prior FOLDER        the false match curve that a pack's manifest carries
    python -m benchmarks calibration FOLDER  whether a stated FPIR is the one that is realised
    python -m benchmarks conditions FOLDER   photos as ports capture them: misses, and reasons given
    python -m benchmarks runtimes FOLDER     OpenVINO beside ONNX Runtime: answers and time
    python -m benchmarks pad FOLDER          a network that tells people from pictures of them
    python -m benchmarks orientation FOLDER  hits of photos turned by every angle, and the cost
    python -m benchmarks lookalikes FOLDER   whom known look-alikes spare, and whom they must not
    python -m benchmarks shrink FOLDER       what a port saves and loses whose client shrinks photos

docs/performance.md and docs/accuracy.md say how each figure is measured and what it was.
"""

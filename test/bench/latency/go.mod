module krypton.ai/test/bench/latency

go 1.24

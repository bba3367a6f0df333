module krypton.ai/test/bench/goproxy

go 1.24

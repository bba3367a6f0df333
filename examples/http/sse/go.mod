module krypton.ai/examples/http-sse

go 1.25.0

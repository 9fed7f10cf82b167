package smartpaymock

// What tests need of the inside.

// FindBinary returns the path of the program.
var FindBinary = findBinary

// Unpack unpacks a program, and returns its path.
func Unpack(data, hash string) (string, error) {
	return embeddedProgram{data: data, hash: hash}.unpack()
}

// Dedent removes the white space that all lines begin with.
var Dedent = dedent

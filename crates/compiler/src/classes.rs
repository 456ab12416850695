//! Disjoint sets of numbers (union-find).

/// The numbers from zero to some count in classes, each named by one of its members.
pub struct Classes {
    parent: Vec<usize>,
}

impl Classes {
    /// Each number in a class of its own.
    pub fn new(count: usize) -> Self {
        Classes { parent: (0..count).collect() }
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.parent.len()
    }

    /// The name of a number's class.
    pub fn find(&mut self, mut number: usize) -> usize {
        while self.parent[number] != number {
            self.parent[number] = self.parent[self.parent[number]];
            number = self.parent[number];
        }
        number
    }

    /// Adds the class of a number to another's, which keeps its name.
    pub fn join(&mut self, number: usize, to: usize) {
        let (from, to) = (self.find(number), self.find(to));
        self.parent[from] = to;
    }
}

/// Nothing is drawn.
pub struct Draws;

impl Draws {
    pub fn new() -> Self {
        Self
    }

    pub fn begin(&mut self, _seed: u64, _sample: u64, _label: u32) {}

    pub fn draw(&mut self, _input: &mut Input) {}
}

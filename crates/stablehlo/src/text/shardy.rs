//! Shardy attributes.

use ops::Attr;
use ops::sharding::{AxisRef, DimensionSharding, Mesh, MeshAxis, MeshRef, Sharding, TensorSharding};

use super::Parser;
use crate::Error;

impl<'s> Parser<'s> {
    /// After `#sdy.NAME`, or inside of `#sdy<NAME ...>`.
    pub(super) fn shardy_attribute(
        &mut self,
        name: &str,
        start: usize,
        wrapped: bool,
    ) -> Result<Attr, Error> {
        let sharding = match name {
            "mesh" => Sharding::Mesh(self.mesh()?),
            "sharding" => Sharding::Tensor(self.tensor_sharding()?),
            "sharding_per_value" => {
                self.expect("<")?;
                let shardings = self.sharding_list()?;
                self.expect(">")?;
                Sharding::PerValue(shardings)
            }
            "manual_axes" => Sharding::ManualAxes(self.manual_axes()?),
            _ if wrapped => {
                while !self.at(">") {
                    match self.peek() {
                        b'<' | b'(' | b'[' | b'{' => drop(self.balanced()?),
                        0 => return Err(self.expected("`>`")),
                        _ => self.pass_token()?,
                    }
                }
                Sharding::Other(format!("{}>", self.since(start)))
            }
            _ => {
                if self.peek() == b'<' {
                    self.balanced()?;
                }
                Sharding::Other(self.since(start).to_owned())
            }
        };
        Ok(Attr::Sharding(Box::new(sharding)))
    }

    /// A word, number, string or one mark of punctuation.
    fn pass_token(&mut self) -> Result<(), Error> {
        if self.word().is_some() || self.number().is_some() || self.string()?.is_some() {
            return Ok(());
        }
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        let next = self.offset() + length;
        self.seek(next);
        Ok(())
    }

    /// `<["x"=2, "y"=4]>` or `<["x"=2], device_ids=[1, 0]>`.
    pub(super) fn mesh(&mut self) -> Result<Mesh, Error> {
        self.expect("<")?;
        let mut mesh = Mesh::default();
        if self.eat(">") {
            return Ok(mesh);
        }
        if self.eat("[") {
            mesh.axes = self.list_until("]", |parser| {
                let name = parser.expect_string()?;
                parser.expect("=")?;
                Ok(MeshAxis { name, size: parser.expect_i64()? })
            })?;
            if !self.eat(",") {
                self.expect(">")?;
                return Ok(mesh);
            }
        }
        self.expect_all("device_ids = [")?;
        mesh.device_ids = self.list_until("]", |parser| parser.expect_i64())?;
        self.expect(">")?;
        Ok(mesh)
    }

    /// `<@mesh, [{"x"}, {?}], replicated={"y"}>`.
    pub(super) fn tensor_sharding(&mut self) -> Result<TensorSharding, Error> {
        self.expect("<")?;
        let mesh = match self.at("@") {
            true => MeshRef::Symbol(self.symbol()?),
            false => {
                self.expect("mesh")?;
                MeshRef::Inline(self.mesh()?)
            }
        };
        self.expect_all(", [")?;
        let dimensions = self.list_until("]", |parser| parser.dimension_sharding())?;
        let mut sharding = TensorSharding { mesh, dimensions, replicated: Vec::new(), unreduced: Vec::new() };
        while self.eat(",") {
            let list = match self.word() {
                Some("replicated") => &mut sharding.replicated,
                Some("unreduced") => &mut sharding.unreduced,
                _ => return Err(self.expected("`replicated` or `unreduced`")),
            };
            self.expect_all("= {")?;
            *list = self.list_until("}", |parser| parser.axis_ref())?;
        }
        self.expect(">")?;
        Ok(sharding)
    }

    /// `[<@mesh, ...>, <@mesh, ...>]`.
    pub(super) fn sharding_list(&mut self) -> Result<Vec<TensorSharding>, Error> {
        self.expect("[")?;
        self.list_until("]", |parser| parser.tensor_sharding())
    }

    /// `{"x", "y"}`.
    pub(super) fn manual_axes(&mut self) -> Result<Vec<String>, Error> {
        self.expect("{")?;
        self.list_until("}", |parser| parser.expect_string())
    }

    /// `{"x", "y":(1)2, ?}p1`.
    fn dimension_sharding(&mut self) -> Result<DimensionSharding, Error> {
        self.expect("{")?;
        let mut sharding = DimensionSharding { closed: true, ..DimensionSharding::default() };
        let axes = self.list_until("}", |parser| match parser.eat("?") {
            true => Ok(None),
            false => parser.axis_ref().map(Some),
        })?;
        for axis in axes {
            match axis {
                Some(axis) => sharding.axes.push(axis),
                None => sharding.closed = false,
            }
        }
        if self.peek() == b'p' {
            let start = self.offset();
            let word = self.expect_word("a priority")?;
            let priority =
                word[1..].parse().map_err(|_| self.error_at(start, "expected a priority such as `p1`"))?;
            sharding.priority = Some(priority);
        }
        Ok(sharding)
    }

    /// `"x"` or `"x":(1)2`.
    fn axis_ref(&mut self) -> Result<AxisRef, Error> {
        let name = self.expect_string()?;
        let sub_axis = if self.eat(":") { Some(self.sub_axis()?) } else { None };
        Ok(AxisRef { name, sub_axis })
    }

    /// `(1)2`.
    pub(super) fn sub_axis(&mut self) -> Result<(i64, i64), Error> {
        self.expect("(")?;
        let before = self.expect_i64()?;
        self.expect(")")?;
        Ok((before, self.expect_i64()?))
    }
}

//! Reads the pretty forms that the table of [`super::assembly`] describes.

use ops::{Attr, AttrMap, Type};
use smallvec::SmallVec;
use tensor::{DType, Literal, Scalar, TensorType};

use super::Parser;
use super::assembly::{Format, Piece, Types};
use super::operation::Draft;
use crate::{Error, ValueId};

fn i64_attr(value: i64) -> Attr {
    Attr::Scalar(Scalar::from_i64(DType::I64, value))
}

impl<'s> Parser<'s> {
    /// What follows the name of an operation.
    pub(super) fn pretty(&mut self, format: &Format) -> Result<Draft, Error> {
        let mut draft = Draft::default();
        for piece in format.pieces {
            self.piece(*piece, &mut draft)?;
        }
        draft.attributes.0.extend(self.optional_dictionary()?.0);
        self.types(format.types, &mut draft)?;
        Ok(draft)
    }

    fn piece(&mut self, piece: Piece, draft: &mut Draft) -> Result<(), Error> {
        let attrs = &mut draft.attributes;
        match piece {
            Piece::Text(text) => self.expect_all(text)?,
            Piece::Operand => draft.operands.push(self.operand()?),
            Piece::Operands => draft.operands.extend(self.operands()?),
            Piece::OperandsComma => {
                while self.at("%") {
                    draft.operands.push(self.operand()?);
                    self.expect(",")?;
                }
            }
            Piece::Int(name) => attrs.push(name, i64_attr(self.expect_i64()?)),
            Piece::Dims(name) => {
                let dims = self.i64_list()?;
                attrs.push(name, Attr::Tensor(Literal::i64s(&dims)));
            }
            Piece::Keyword(name) => attrs.push(name, self.keyword()?),
            Piece::OptionalKeyword(name) => {
                if self.eat(",") {
                    attrs.push(name, self.keyword()?);
                }
            }
            Piece::OptionalBool(name) => {
                if self.eat(",") {
                    self.expect(name)?;
                    self.expect("=")?;
                    attrs.push(name, self.attribute()?);
                }
            }
            Piece::String(name) => attrs.push(name, Attr::String(self.expect_string()?.into_bytes())),
            Piece::Symbol(name) => attrs.push(name, Attr::Symbol(self.symbol()?)),
            Piece::Ranges => self.ranges(attrs)?,
            Piece::FloatFormat => self.exponent_mantissa(attrs)?,
            Piece::DotDimensions => {
                if self.eat("batching_dims") {
                    self.lhs_rhs_dimensions("batching", attrs)?;
                    self.expect(",")?;
                }
                self.expect("contracting_dims")?;
                self.lhs_rhs_dimensions("contracting", attrs)?;
            }
            Piece::Precision => {
                let start = self.offset();
                if self.eat(",") && self.eat("precision") {
                    self.expect_all("= [")?;
                    attrs.push("precision_config", Attr::Array(self.list_until("]", Self::keyword)?));
                } else {
                    self.seek(start);
                }
            }
            Piece::Algorithm => {
                if self.eat(",") {
                    self.expect_all("algorithm =")?;
                    let fields = self.fields()?;
                    attrs.0.extend(fields.0);
                }
            }
            Piece::ConvolutionDimensions => {
                let numbers = self.convolution_dimensions()?;
                attrs.0.extend(numbers.0);
            }
            Piece::Window => self.window(attrs)?,
        }
        Ok(())
    }

    fn keyword(&mut self) -> Result<Attr, Error> {
        Ok(Attr::Keyword(self.expect_word("a keyword")?.to_owned()))
    }

    /// `[1, 2]`.
    pub(super) fn i64_list(&mut self) -> Result<Vec<i64>, Error> {
        self.expect("[")?;
        self.list_until("]", |parser| parser.expect_i64())
    }

    fn ranges(&mut self, attrs: &mut AttrMap) -> Result<(), Error> {
        self.expect("[")?;
        let ranges = self.list_until("]", |parser| {
            let start = parser.expect_i64()?;
            parser.expect(":")?;
            let limit = parser.expect_i64()?;
            let stride = if parser.eat(":") { parser.expect_i64()? } else { 1 };
            Ok([start, limit, stride])
        })?;
        for (which, name) in ["start_indices", "limit_indices", "strides"].into_iter().enumerate() {
            let values: Vec<i64> = ranges.iter().map(|range| range[which]).collect();
            attrs.push(name, Attr::Tensor(Literal::i64s(&values)));
        }
        Ok(())
    }

    fn exponent_mantissa(&mut self, attrs: &mut AttrMap) -> Result<(), Error> {
        self.skip();
        let start = self.offset();
        let bits = self.word().and_then(|word| word.strip_prefix('e')?.split_once('m'));
        let bits =
            bits.and_then(|(exponent, mantissa)| Some((exponent.parse().ok()?, mantissa.parse().ok()?)));
        let (exponent, mantissa) =
            bits.ok_or_else(|| self.error_at(start, "expected a format such as `e5m10`"))?;
        attrs.push("exponent_bits", i64_attr(exponent));
        attrs.push("mantissa_bits", i64_attr(mantissa));
        Ok(())
    }

    /// After `batching_dims`: `= [0] x [0]`.
    fn lhs_rhs_dimensions(&mut self, kind: &str, attrs: &mut AttrMap) -> Result<(), Error> {
        self.expect("=")?;
        let lhs = self.i64_list()?;
        self.expect_cross()?;
        let rhs = self.i64_list()?;
        attrs.push(format!("lhs_{kind}_dimensions"), Attr::Tensor(Literal::i64s(&lhs)));
        attrs.push(format!("rhs_{kind}_dimensions"), Attr::Tensor(Literal::i64s(&rhs)));
        Ok(())
    }

    fn window(&mut self, attrs: &mut AttrMap) -> Result<(), Error> {
        while let Some(name) = self.word() {
            self.expect("=")?;
            let start = self.offset();
            match name {
                "stride" => attrs.push("window_strides", Attr::Tensor(Literal::i64s(&self.i64_list()?))),
                "lhs_dilate" => attrs.push("lhs_dilation", Attr::Tensor(Literal::i64s(&self.i64_list()?))),
                "rhs_dilate" => attrs.push("rhs_dilation", Attr::Tensor(Literal::i64s(&self.i64_list()?))),
                "reverse" => {
                    self.expect("[")?;
                    let flags = self.list_until("]", |parser| parser.element(DType::Bool))?;
                    let ty = TensorType::new(DType::Bool, [flags.len() as i64]);
                    attrs.push("window_reversal", Attr::Tensor(Literal::from_scalars(ty, flags)));
                }
                "pad" => {
                    self.expect("[")?;
                    let pairs = self.list_until("]", |parser| parser.i64_list())?;
                    if pairs.iter().any(|pair| pair.len() != 2) {
                        return Err(self.error_at(start, "expected pairs of low and high padding"));
                    }
                    let ty = TensorType::new(DType::I64, [pairs.len() as i64, 2]);
                    let flat = pairs.into_iter().flatten().map(|value| Scalar::from_i64(DType::I64, value));
                    attrs.push("padding", Attr::Tensor(Literal::from_scalars(ty, flat)));
                }
                _ => return Err(self.error_at(start, format!("unknown window attribute `{name}`"))),
            }
            if !self.eat(",") {
                break;
            }
        }
        Ok(())
    }

    /// The types after the colon, which must fit the operands.
    fn types(&mut self, types: Types, draft: &mut Draft) -> Result<(), Error> {
        let optional = matches!(types, Types::Pairwise | Types::Operands);
        if optional && draft.operands.is_empty() {
            if self.eat("(") {
                self.expect(")")?;
            }
            return Ok(());
        }
        self.expect(":")?;
        let is_function = matches!(types, Types::Same | Types::Complex | Types::Select) && self.at("(");
        let count = draft.operands.len();
        let (operands, results) = match types {
            _ if is_function => self.function_type()?,
            Types::Function => self.function_type()?,
            Types::Same => {
                let ty = self.ty()?;
                (vec![ty.clone(); count], vec![ty])
            }
            Types::Results => (Vec::new(), self.type_list()?),
            Types::Complex => {
                let start = self.offset();
                let ty = self.ty()?;
                let part = match &ty {
                    Type::Tensor(tensor) if tensor.dtype.is_complex() => {
                        Type::Tensor(tensor.with_dtype(tensor.dtype.real()))
                    }
                    _ => return Err(self.error_at(start, "expected a tensor of complex numbers")),
                };
                (vec![part; count], vec![ty])
            }
            Types::Select => {
                let predicate = self.ty()?;
                self.expect(",")?;
                let ty = self.ty()?;
                (vec![predicate, ty.clone(), ty.clone()], vec![ty])
            }
            Types::Tuple => {
                let start = self.offset();
                let ty = self.ty()?;
                let Type::Tuple(parts) = &ty else {
                    return Err(self.error_at(start, "expected a tuple type"));
                };
                (parts.clone(), vec![ty])
            }
            Types::Pairwise => {
                let list = self.type_list()?;
                (list.clone(), list)
            }
            Types::Operands => (self.type_list()?, Vec::new()),
        };
        self.check_operand_types(&draft.operands, &operands)?;
        draft.result_types = results;
        Ok(())
    }

    /// `type, type`.
    pub(super) fn type_list(&mut self) -> Result<Vec<Type>, Error> {
        let mut list = vec![self.ty()?];
        while self.eat(",") {
            list.push(self.ty()?);
        }
        Ok(list)
    }

    /// `%a, %b`, possibly none.
    pub(super) fn operands(&mut self) -> Result<SmallVec<[ValueId; 3]>, Error> {
        let mut operands = SmallVec::new();
        while self.at("%") {
            operands.push(self.operand()?);
            if !self.eat(",") {
                break;
            }
        }
        Ok(operands)
    }
}
